#!/usr/bin/env bash
# From ../shared/data to the shipped model and every figure of the model card.
# Usage, from the repository's root: training/reproduce.sh [PYTHON]
# Data, checkpoints and logs go to ../train-out beside the repository (the configurations name it).
set -euo pipefail
set -o noglob
cd "$(dirname "$0")"
python=${1:-python3}
data=../../shared/data/ct-lesions
out=../../train-out
results=results
lesionlens="cargo run --quiet --release --bin lesionlens --"
export OMP_NUM_THREADS=1 GOMP_SPINCOUNT=0

run() { "$python" -m "lesionlens_training.$1" "${@:2}"; }

mkdir -p $results
run cache $data/Images_png $data/DL_info.csv $out/cache

for name in base fold-a fold-b fold-c shipped; do
    run train configs/$name.toml --out $out/$name
    cp $out/$name/log.csv $results/log-$name.csv
done
run plot $results/log-base.csv $results/log-fold-a.csv $results/log-fold-b.csv $results/log-fold-c.csv \
    $results/log-shipped.csv --out $results/training.png

threshold=$(cat $results/default-threshold.txt)
for name in base fold-a fold-b fold-c; do
    run export $out/$name/checkpoint.pt --calibrate $out/cache --threshold "$threshold" --out $out/$name/detector.onnx
done
run export $out/shipped/checkpoint.pt --calibrate $out/cache --threshold "$threshold" --out ../models/detector.onnx

bash figures.sh "$python"

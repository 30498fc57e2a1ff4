#!/usr/bin/env bash
# From ../shared/data to the shipped model and every figure of the model card.
# Usage, from the repository's root: training/reproduce.sh [PYTHON]
# Caches, checkpoints and logs go to ../train-out beside the repository (the configurations name it).
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
case $python in */*) python=$(cd "$OLDPWD" && realpath -s "$python") ;; esac
data=../../shared/data
out=../../train-out
results=results
export OMP_NUM_THREADS=1 GOMP_SPINCOUNT=0

run() { "$python" -m "lesionlens_training.$1" "${@:2}"; }

cargo build --release --bin lesionlens
lesionlens=../target/release/lesionlens
mkdir -p $results

run cache $data/ct-lesions/Images_png $data/ct-lesions/DL_info.csv $out/cache

# Phantom studies of other seeds than the page's sample study (1).
mkdir -p $out/phantom/Images_png
for seed in 2 3 4 5; do
    $lesionlens phantom $out/phantom/seed-$seed --seed $seed
    cp -r $out/phantom/seed-$seed/Images_png/* $out/phantom/Images_png/
    if [ $seed = 2 ]; then cat $out/phantom/seed-2/DL_info.csv; else tail -n +2 $out/phantom/seed-$seed/DL_info.csv; fi
done > $out/phantom/DL_info.csv
run cache $out/phantom/Images_png $out/phantom/DL_info.csv $out/phantom/cache --backgrounds 0

# Synthetic lesions in slices of the validation patients, and nodules that no fold model saw.
run synthetic_set $out/cache $out/synthetic --seed 7 -n 150 --nodules $data/lidc-nodules --nodule-patient 'LIDC-IDRI-???0' \
    --patient 965000-2 --patient ID_0039 --patient ID_0060 --patient ID_0015 --patient ID_0021 --patient ID_0030 \
    --patient ID_0022 --patient ID_0032 --patient ID_0013 --patient ID_0019 --patient ID_0071

logs=()
for name in base refine fold-a fold-b fold-c; do
    run train configs/$name.toml --out $out/$name
    cp $out/$name/log.csv $results/log-$name.csv
    logs+=("$results/log-$name.csv")
    run export $out/$name/checkpoint.pt --calibrate $out/cache --out $out/$name/detector.onnx
done
run plot "${logs[@]}" --out $results/training.png

# The shipped net: the average of the fold nets, which start from one refined net.
run average $out/fold-a/checkpoint.pt $out/fold-b/checkpoint.pt $out/fold-c/checkpoint.pt --out $out/shipped/checkpoint.pt
run export $out/shipped/checkpoint.pt --calibrate $out/cache --out $out/shipped/detector.onnx

run figures --lesionlens $lesionlens --data $data --runs $out --results $results
threshold=$("$python" -c "import json; print(json.load(open('$results/figures.json'))['default_threshold'])")
run export $out/shipped/checkpoint.pt --calibrate $out/cache --threshold "$threshold" --out ../models/detector.onnx

#!/usr/bin/env bash
# From ../shared/data to the shipped model and every figure of the model card.
# Usage, from the repository's root: training/reproduce.sh [PYTHON]
# On a machine with a GPU: TRAIN='--device cuda --generators 14' training/reproduce.sh PYTHON
# Caches, checkpoints and logs go to ../train-out beside the repository (the configurations name it).
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
case $python in */*) python=$(cd "$OLDPWD" && realpath -s "$python") ;; esac
data=../../shared/data
out=../../train-out/v2
phantom=../../train-out/phantom
results=results
export OMP_NUM_THREADS=1 GOMP_SPINCOUNT=0

run() { "$python" -m "lesionlens_training.$1" "${@:2}"; }
logs=()
train() {
    run run.train "configs/$1.toml" --out "$out/$1" ${TRAIN:-}
    cp "$out/$1/log.csv" "$results/log-$1.csv"
    logs+=("$results/log-$1.csv")
}

cargo build --release --bin lesionlens
lesionlens=../target/release/lesionlens
mkdir -p $results

run data.cache $data/ct-lesions/Images_png $data/ct-lesions/DL_info.csv $out/cache --by-eye lesions_by_eye.csv

# Phantom studies of other seeds than the page's sample study (1).
mkdir -p $phantom/Images_png
for seed in 2 3 4 5; do
    $lesionlens phantom $phantom/seed-$seed --seed $seed
    cp -r $phantom/seed-$seed/Images_png/* $phantom/Images_png/
    if [ $seed = 2 ]; then cat $phantom/seed-2/DL_info.csv; else tail -n +2 $phantom/seed-$seed/DL_info.csv; fi
done > $phantom/DL_info.csv
run data.cache $phantom/Images_png $phantom/DL_info.csv $phantom/cache --backgrounds 0

# Sets to judge by: synthetic lesions in slices of the validation patients; nodules of patients that no run saw.
run judge.synthetic_set $out/cache $out/synthetic --seed 7 -n 150 --nodules $data/lidc-nodules --nodule-patient 'LIDC-IDRI-???0' \
    --patient 965000-2 --patient ID_0039 --patient ID_0060 --patient ID_0015 --patient ID_0021 --patient ID_0030 \
    --patient ID_0022 --patient ID_0032 --patient ID_0013 --patient ID_0019 --patient ID_0071
run judge.nodule_set $data/lidc-nodules $out/nodules --patient 'LIDC-IDRI-???0'

train base
# Before going on, look at mined/hard.png: an unboxed lesion in it belongs into lesions_by_eye.csv.
run run.mine configs/mine.toml $out/base/checkpoint.pt --out $out/mined
train refine
for name in fold-a fold-b fold-c shipped; do
    train $name
    train $name-int8
    run net.export $out/$name-int8/checkpoint.pt --calibrate $out/cache --out $out/$name-int8/detector.onnx
done
run net.export $out/refine/checkpoint.pt --calibrate $out/cache --out $out/refine/detector.onnx
run show.plot "${logs[@]}" --out $results/training.png

# Calibrates every run, amends its spec, and measures.
run show.figures --lesionlens $lesionlens --data $data --runs $out --results $results
cp $out/shipped-int8/detector.onnx $out/shipped-int8/detector.json ../models/

run judge.ablation configs/ablation.toml --data $data --runs $out --out $out/ablation --results $results

#!/usr/bin/env bash
# From ../shared/data to the shipped model and every figure of the model card.
# Usage, from the repository's root: training/reproduce.sh [PYTHON]
# On a machine with a GPU: TRAIN='--device cuda --generators 14' training/reproduce.sh PYTHON
# Packs, caches, checkpoints and logs go to ../train-out beside the repository (the configurations name it). Run again, it
# goes on where it stopped: caches and sets that are complete stay, trainings resume from their checkpoints.
# CHOOSE=1 repeats the short runs by which the recipe was chosen, and those of the learning curve.
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}
case $python in */*) python=$(cd "$OLDPWD" && realpath -s "$python") ;; esac
data=../../shared/data
out=../../train-out/v3
phantom=../../train-out/phantom
results=results
# The last commit of the model that was shipped before.
BEFORE=93ff955
known=(--facts series_facts.toml --sealed $data/DL_info_test_split.csv)
export OMP_NUM_THREADS=1 GOMP_SPINCOUNT=0

run() { "$python" -m "lesionlens_training.$1" "${@:2}"; }
logs=()
train() {
    run run.train "configs/$1.toml" --out "$out/$1" ${TRAIN:-}
    cp "$out/$1/log.csv" "$results/log-$1.csv"
    logs+=("$results/log-$1.csv")
}
# A cache is complete when its index is there: it is written last.
cache() { [ -e "${@: -1}/index.json" ] || run data.cache "${@:1:$#-1}" "${known[@]}" "${@: -1}"; }

cargo build --release --bin lesionlens
lesionlens=../target/release/lesionlens
mkdir -p $results

pack=$out/deeplesion-pack
[ -e $pack/sources.csv ] || "$python" $data/deeplesion_unpack.py $pack
cache $pack/Images_png $pack/DL_info.csv $out/cache-deeplesion
cache $data/ct-lesions/Images_png $data/ct-lesions/DL_info.csv --by-eye lesions_by_eye.csv $out/cache-lesions
cache $data/ct-more/Images_png $data/ct-more/DL_info.csv $out/cache-more

# Phantom studies of other seeds than the page's sample study (1).
if [ ! -e $phantom/cache/index.json ]; then
    mkdir -p $phantom/Images_png
    for seed in 2 3 4 5; do
        $lesionlens phantom $phantom/seed-$seed --seed $seed
        cp -r $phantom/seed-$seed/Images_png/* $phantom/Images_png/
        if [ $seed = 2 ]; then cat $phantom/seed-2/DL_info.csv; else tail -n +2 $phantom/seed-$seed/DL_info.csv; fi
    done > $phantom/DL_info.csv
    run data.cache $phantom/Images_png $phantom/DL_info.csv $phantom/cache --backgrounds 0
fi

# Sets to judge by, of patients that no run saw; the model that was shipped before, for comparison.
run judge.split_set $pack --split 2 --out $out/validation
run judge.split_set $data/ct-lesions $pack --split 2 --pixels full --out $out/full-hu
run judge.nodule_set $data/lidc-nodules $out/nodules --patient 'LIDC-IDRI-???0'
mkdir -p $out/lesionlens-2
for file in detector.onnx detector.json; do git show "$BEFORE:models/$file" > $out/lesionlens-2/$file; done

if [ -n "${CHOOSE:-}" ]; then
    rm -f $results/choices.csv
    for config in configs/choice/*.toml; do
        name=$(basename "$config" .toml)
        run run.train "$config" --out "$out/choice/$name"
        run judge.watch "$out/choice/$name/checkpoint.pt" --cache $out/cache-deeplesion --csv $results/choices.csv
    done
fi

for name in shipped shipped-int8; do train $name; done
run net.export $out/shipped-int8/checkpoint.pt --calibrate $out/cache-{deeplesion,lesions,more} --out $out/shipped-int8/detector.onnx
run show.plot "${logs[@]}" --out $results/training.png

# Calibrates the run, amends its spec, and measures.
run show.figures --lesionlens $lesionlens --data $data --runs $out --results $results
cp $out/shipped-int8/detector.onnx $out/shipped-int8/detector.json ../models/
run judge.count configs/shipped.toml $data --out $results/counts.csv
run show.card --write

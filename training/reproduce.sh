#!/usr/bin/env bash
# From the corpora to the bundled model, top to bottom.
#
#   training/reproduce.sh CORPORA              every step, into data/processed/ and runs/ of this checkout
#   training/reproduce.sh --tenth CORPORA DIR  the same steps, one epoch each, on a tenth of the texts
#                                              that no person labelled, into DIR
#   training/reproduce.sh --smoke              the same steps on invented policies, in a few minutes
#
# A step that was cut off goes on from its last checkpoint, a finished one returns at once: give the
# same command again. PYTHON names the interpreter, SEEDS the seeds of what is compared. Minutes in
# brackets: two cores without AMX and nothing else to do. The weights that ship were made with windows
# of 254 tokens, which are 510 by now (LOG.md, 2026-11-30).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python}
read -ra seeds <<<"${SEEDS:-0 1 2}"
small=() # options of every run, and of the headings' alone
headings=()
export PYTHONPATH="$root:$root/inference${PYTHONPATH:+:$PYTHONPATH}" TOKENIZERS_PARALLELISM=false

usage() {
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
say() { printf '\n== %s  %s\n' "$(date +%H:%M:%S)" "$*"; }
run() { "$python" -m "$@"; }
fit() { run training.fit "$root/training/configs/$1.toml" "${@:2}" "${small[@]}"; }
once() { # FILE COMMAND: for what does not look for itself whether it is done
    [[ -e $1 ]] || "${@:2}"
}

thin() { # NAME...: one record in ten of each
    local name
    for name in "$@"; do
        awk 'NR % 10 == 1' "data/processed/$name.jsonl" >"data/processed/$name.part"
        mv "data/processed/$name.part" "data/processed/$name.jsonl"
    done
}

seeded() { # NAME: NAME=runs/NAME-s0,runs/NAME-s1,... of all seeds
    local folders
    folders=$(printf ",runs/$1-s%s" "${seeds[@]}")
    echo "$1=${folders:1}"
}

pair() { # CONFIG [OPTION...]: one run in two processes, a core each
    OMP_NUM_THREADS=1 run torch.distributed.run --standalone --nproc_per_node 2 \
        -m training.fit "$root/training/configs/$1.toml" "${@:2}" "${small[@]}"
}

folds() { # CONFIG NAME [OPTION...]: two folds side by side, a core each
    local config="$root/training/configs/$1.toml" jobs=() job first
    for first in 0 1; do
        OMP_NUM_THREADS=1 run training.crossval "$config" --name "$2" \
            --only "$first" --only $((first + 2)) "${@:3}" "${small[@]}" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job"; done
    run training.crossval "$config" --name "$2" "${@:3}" "${small[@]}"
}

case ${1:-} in
--smoke)
    room=$(mktemp -d)
    trap 'rm -rf "$room"' EXIT
    cd "$room"
    small=(--set epochs=1 --set max_tokens=1024 --set batch_tokens=512 --set precision=fp32)
    seeds=(0 1)
    say "stand-ins for the corpora"
    run data.build --raw "$room" --only fictional --out data/processed
    run training.standins data/processed/fictional.jsonl --output data/processed
    ;;
--tenth)
    [[ $# -eq 3 ]] || usage
    corpora=$(cd "$2" && pwd)
    mkdir -p "$3"
    cd "$3"
    small=(--set epochs=1 --set max_tokens=300000)
    headings=(--set max_tokens=900000)
    say "corpora [3]"
    run data.build --raw "$corpora" --out data/processed
    thin headings silver clauses clauses2
    ;;
"" | -*)
    usage
    ;;
*)
    corpora=$(cd "$1" && pwd)
    cd "$root"
    say "corpora [3]"
    run data.build --raw "$corpora" --out data/processed
    ;;
esac
processed=data/processed
gold=$processed/opp115.jsonl

say "TF-IDF, the floor [2]"
once runs/baseline/metrics.json run training.baseline "$gold" --output runs/baseline
once runs/baseline-cv/metrics.json run training.baseline "$gold" --folds 5 --output runs/baseline-cv

say "section headings [45]"
run training.pretrain "$root/training/configs/headings.toml" "${small[@]}" "${headings[@]}"
say "machine labels: the silver set [25]"
fit silver
say "machine labels: all [35]"
fit clauses
say "vocabulary [2]"
once runs/pruned/run.json run training.vocabulary runs/clauses --least 5 --output runs/pruned \
    --texts $processed/headings.jsonl --texts $processed/silver.jsonl \
    --texts $processed/clauses.jsonl --texts "$gold" --held "$gold"

say "how far to trust the machine: a first round of the last stage [32]"
folds opp115 first-cv --set base=runs/pruned/model
first=(runs/first-cv-{0,1,2,3,4})
for seed in "${seeds[@]}"; do
    fit opp115 --set name=first-s"$seed" --set base=runs/pruned/model --set seed="$seed"
    first+=(runs/first-s"$seed")
done
run training.stacking runs/first-cv --machine $processed/opp115_machine.jsonl --output runs/stacking
say "teachers that saw no clause [10]"
teachers=()
for seed in 0 1; do
    fit opp115 --set name=teacher-s$seed --set base=runs/silver/model --set seed=$seed
    teachers+=(--teacher runs/teacher-s$seed)
done
say "machine labels corrected: the labels [13]"
for name in silver clauses; do
    run training.relabel $processed/$name.jsonl --stacking runs/stacking/stacking.json \
        "${teachers[@]}" --output runs/relabelled
done
say "machine labels corrected: the stage [33, one core]"
fit corrected

say "the last stage, five folds and all [25]"
folds opp115 opp115-cv --baseline runs/baseline-cv
for seed in "${seeds[@]}"; do fit opp115 --set name=opp115-s"$seed" --set seed="$seed"; done

say "the same encoder without the stages before, to be measured against [55]"
folds plain plain-cv --baseline runs/baseline-cv
for seed in "${seeds[@]}"; do fit plain --set name=plain-s"$seed" --set seed="$seed"; done

say "gold over the headings alone, and over these and silver: what the stages give [32]"
for seed in "${seeds[@]}"; do
    fit plain --set name=headings-plain-s"$seed" --set base=runs/headings/model \
        --set pooler=keep --set seed="$seed"
    fit opp115 --set name=teacher-s"$seed" --set base=runs/silver/model --set seed="$seed"
done

say "one model of both rounds, its calibration and thresholds [1]"
run training.thresholds runs/opp115-cv
once runs/opp115-soup/run.json run training.soup "${seeds[@]/#/runs/opp115-s}" \
    runs/opp115-cv-{0,1,2,3,4} "${first[@]}" --output runs/opp115-soup
card=$root/training/configs/bundled.card.toml
run training.export runs/opp115-soup --calibration runs/opp115-cv/calibration.json \
    --card "$card" --output runs/opp115-soup/export

# From what is exported, which shipped as 0.4.1, with its weights in 8 bits.
say "a third round: all machine labels, corrected by that model [10]"
once runs/second/run.json run training.thaw runs/opp115-soup/export --output runs/second
for name in silver clauses clauses2; do
    run training.relabel $processed/$name.jsonl --stacking runs/stacking/stacking.json \
        --teacher runs/second --output runs/relabelled-again
done
say "the stage: each text alone and under its heading [54]"
pair patient
say "the last stage over it [22, one core]"
for seed in "${seeds[@]}"; do
    fit opp115 --set name=third-s"$seed" --set base=runs/patient/model --set seed="$seed"
done

say "the model: half way between the stage and the mean of its runs [1]"
once runs/third-mean/run.json run training.soup "${seeds[@]/#/runs/third-s}" \
    --output runs/third-mean
once runs/third-soup/run.json run training.soup runs/third-mean runs/patient \
    --output runs/third-soup
run training.export runs/third-soup --calibration runs/opp115-cv/calibration.json \
    --card "$card" --output runs/third-soup/export
run training.evaluate runs/third-soup/export "$gold" --split validation \
    --baseline runs/baseline --no-texts --output runs/third-soup/validation
run training.card runs/third-soup/export --card "$card" \
    --metrics runs/third-soup/validation/metrics.json --metrics runs/opp115-cv/metrics.json

say "what the stages give"
run training.compare plain=runs/plain-cv first=runs/first-cv recipe=runs/opp115-cv \
    tfidf=runs/baseline-cv --output runs/compared-cv
if [[ $1 != --smoke ]]; then # one policy of the stand-ins validates: too few to compare on
    run training.compare "$(seeded plain)" "$(seeded headings-plain)" "$(seeded teacher)" \
        "$(seeded first)" "$(seeded opp115)" "$(seeded third)" --at-half --output runs/compared-stages
fi
say "the model: runs/third-soup/export"

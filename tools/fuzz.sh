#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (default 60) with a fixed seed. New inputs go to
# build/fuzz/corpus/TARGET; those of fuzz/corpus/TARGET only seed the run. A crash leaves its input
# in build/fuzz/crashes and ends the run with exit code 1.
#   tools/fuzz.sh [TARGET...]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds="${FUZZ_SECONDS:-60}"
seed="${FUZZ_SEED:-1}"
cmake --preset fuzz >/dev/null || exit 1
nice -n 5 ninja -C build/fuzz -j"${JOBS:-2}" --quiet || exit 1
mapfile -t targets < <(find build/fuzz -maxdepth 1 -name '*_fuzz' -type f -executable | sort)
if ((${#targets[@]} == 0)); then
  echo "no fuzz target was built" >&2
  exit 1
fi
mkdir -p build/fuzz/crashes
failed=0
for target in "${targets[@]}"; do
  name="$(basename "$target")"
  if (($# > 0)) && [[ ! " $* " == *" $name "* ]]; then continue; fi
  short="${name%_fuzz}"
  found="build/fuzz/corpus/$short"
  mkdir -p "$found"
  seeds=()
  [[ -d "fuzz/corpus/$short" ]] && seeds=("fuzz/corpus/$short")
  echo "== $name: $seconds s, seed $seed, seeds from ${seeds[*]:-nowhere}"
  "$target" -max_total_time="$seconds" -seed="$seed" -print_final_stats=1 -verbosity=0 \
    -artifact_prefix=build/fuzz/crashes/ "$found" "${seeds[@]}" || failed=1
done
exit $failed

#!/usr/bin/env bash
# Packs what on_device.sh needs on a machine that has a GPU and nothing else of
# ours: the runtime, programs compiled here, golden cases, models to time.
# usage: pack.sh [--to DIR] [--cases 'NAME...'] [--models 'NAME:LAYERS:WIDTH:VOCABULARY...'] [CHIPS]
# CHIPS as in --target=cuda:CHIPS. Default: everything, into build/on-device.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
pack=build/on-device cases=$(ls test/numerics/golden/cases) models="minilm:6:384:30522 bert-base:12:768:30522" target=cuda
while [ $# -gt 0 ]; do
  case $1 in
  --to) pack=$2 && shift ;;
  --cases) cases=$2 && shift ;;
  --models) models=$2 && shift ;;
  -*) echo "pack: there is no option '$1'" && exit 2 ;;
  *) target=cuda:$1 ;;
  esac
  shift
done
mostMegabytes=60
rm -rf "$pack" && mkdir -p "$pack"/{bin,lib,cases,programs,models}
cp build/bin/ptx-run "$pack"/bin/
# Everything but the C library, which every machine has.
ldd build/bin/ptx-run | awk '$3 ~ /^\// {print $3}' | grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' |
  xargs -r -I{} cp -L {} "$pack"/lib/
cp test/gpu/{on_device.sh,on_device.py,gpu_probe.py,random_bert.py,torch_bert.py} "$pack"/

for name in $cases; do
  [ -d "test/numerics/golden/cases/$name" ] || { echo "pack: there is no golden case '$name'"; exit 1; }
  cp -r "test/numerics/golden/cases/$name" "$pack"/cases/
  folder=$pack/cases/$name
  for mode in fuse separate; do
    # The case's own file says which model and adapters.
    python3 - "$folder" $mode >"$pack"/flags <<'PYTHON'
import json, pathlib, sys
folder, mode = pathlib.Path(sys.argv[1]), sys.argv[2]
case = json.loads((folder / "case.json").read_text())
words = [str(pathlib.Path("test/numerics/golden/cases") / folder.name / case["model"])]
if case["adapters"]:
    words.append(f"--adapters={mode}")
    for name, entry in case["adapters"].items():
        words.append(f"--adapter={name}={folder / entry['dir']}" + (f":{entry['scale']}" if "scale" in entry else ""))
elif mode == "separate":
    words = []
print("\n".join(words))
PYTHON
    mapfile -t words <"$pack"/flags
    [ -n "${words[0]:-}" ] || continue
    build/bin/ptx-compile "${words[@]}" --target="$target" -o "$pack/programs/$name-$mode.ptxm" 2>/dev/null ||
      { echo "pack: '$name' does not compile"; exit 1; }
  done
done
rm -f "$pack"/flags

# Models to time: weights are made anew on the device, equal by construction.
for model in $models; do
  IFS=: read -r name layers width vocabulary <<<"$model"
  python3 test/gpu/random_bert.py "$pack"/models/"$name" "$layers" "$width" "$vocabulary"
  build/bin/ptx-compile "$pack"/models/"$name" --target="$target" -o "$pack"/programs/"$name".ptxm 2>/dev/null ||
    { echo "pack: '$name' does not compile"; exit 1; }
  rm "$pack"/models/"$name"/model.safetensors
  echo "$name $layers $width $vocabulary" >>"$pack"/models/list
done
gzip -n "$pack"/programs/*.ptxm # cubins shrink to a quarter; on_device.py unpacks them
size=$(du -sm "$pack" | cut -f1)
[ "$size" -le $mostMegabytes ] || { echo "pack: $pack has $size MB, at most $mostMegabytes are to be carried"; exit 1; }
echo "packed $size MB into $pack"

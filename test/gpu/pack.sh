#!/usr/bin/env bash
# Packs what on_device.sh needs on a machine that has a GPU and nothing else of
# ours into build/on-device: the runtime, programs compiled here, golden cases.
# usage: pack.sh [CHIPS], as in --target=cuda:CHIPS
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
target=cuda${1:+:$1}
pack=build/on-device
rm -rf $pack && mkdir -p $pack/{bin,lib,cases,programs,models}
cp build/bin/ptx-run $pack/bin/
# Everything but the C library, which every machine has.
ldd build/bin/ptx-run | awk '$3 ~ /^\// {print $3}' | grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' |
  xargs -r -I{} cp -L {} $pack/lib/
cp -r test/numerics/golden/cases/. $pack/cases/
cp test/gpu/{on_device.sh,on_device.py,gpu_probe.py,random_bert.py,torch_bert.py} $pack/

for folder in $pack/cases/*/; do
  name=$(basename "$folder")
  for mode in fuse separate; do
    # The case's own file says which model and adapters.
    python3 - "$folder" $mode >$pack/flags <<'PYTHON'
import json, pathlib, sys
folder, mode = pathlib.Path(sys.argv[1]), sys.argv[2]
case = json.loads((folder / "case.json").read_text())
words = [str(folder / case["model"])]
if case["adapters"]:
    words.append(f"--adapters={mode}")
    for name, entry in case["adapters"].items():
        words.append(f"--adapter={name}={folder / entry['dir']}" + (f":{entry['scale']}" if "scale" in entry else ""))
elif mode == "separate":
    words = []
print("\n".join(words))
PYTHON
    mapfile -t words <$pack/flags
    [ -n "${words[0]:-}" ] || continue
    build/bin/ptx-compile "${words[@]}" --target="$target" -o "$pack/programs/$name-$mode.ptxm" 2>/dev/null ||
      { echo "pack: '$name' does not compile"; exit 1; }
  done
done
rm $pack/flags

# Models to time: weights are made anew on the device, equal by construction.
for model in "minilm 6 384 30522" "bert-base 12 768 30522"; do
  read -r name layers width vocabulary <<<"$model"
  python3 test/gpu/random_bert.py $pack/models/"$name" "$layers" "$width" "$vocabulary"
  build/bin/ptx-compile $pack/models/"$name" --target="$target" -o $pack/programs/"$name".ptxm 2>/dev/null
  rm $pack/models/"$name"/model.safetensors
  echo "$model" >>$pack/models/list
done
echo "packed $(du -sm $pack | cut -f1) MB into $pack"

#!/bin/sh
# Stands in for python3 in venv.test: writes what is asked for to `log`, and fails
# for a package NAME where there is a file fail-NAME.
case "$*" in
--version) echo "Python 3.0" ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo venv >>log ;;
*)
  echo "$*" | sed 's/^-m //' >>log
  for word; do [ ! -e "fail-$word" ] || exit 1; done
  ;;
esac

# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What tests/run and examples/run share; they source it. It sets `root`, the
# folder of the project.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The options of the build that both scripts use. Whoever builds with other
# options uses another folder.
plain_options=(-Dintrospection=true -Dvapi=true -Ddocumentation=true)

# The system's Python: another one on PATH may lack PyGObject.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

say() {
  printf '%s\n' "$*" >&2
}

wanted_packages() {
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$root/tools/debian-packages"
}

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p')
  wanted_packages | grep -vxF -e "$installed" || true
}

is_debian_12() {
  [ -r /etc/os-release ] || return 1
  [ "$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")" = 'debian 12' ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 2 ]; then
    sudo "$@"
  else
    sudo -n "$@"   # nobody is there to type a password
  fi
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o Acquire::Retries=3 update >&2 &&
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y -o Acquire::Retries=3 install --no-install-recommends "$@" >&2
}

# Installs what is missing on Debian 12. Elsewhere it only names what is wanted
# and goes on: the tools may be there under other names.
setup_packages() {
  local missing
  if ! is_debian_12 || ! command -v apt-get >/dev/null; then
    say "This is not Debian 12, so nothing is installed. Wanted are these packages of it:"
    wanted_packages | sed 's/^/  /' >&2
    say "Trying with what there is."
    return
  fi
  missing=($(missing_packages))
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing: ${missing[*]}"
    install_packages "${missing[@]}" ||
      say "Could not install them. Trying with what there is."
  fi
}

# quietly COMMAND...: shows what the command says only when it fails.
quietly() {
  local output
  output=$("$@" 2>&1) && return
  printf '%s\n' "$output" >&2
  return 1
}

# setup_build FOLDER OPTION...: configures the folder, unless it is configured
# with these options already, and compiles.
setup_build() {
  local folder=$1 stamp="$1/options-of-setup"
  shift
  if [ ! -f "$folder/build.ninja" ]; then
    rm -rf "$folder"
    say "Configuring $(basename "$folder")"
    quietly meson setup "$folder" "$root" "$@" || return
    printf '%s\n' "$*" >"$stamp"
  elif [ "$(cat "$stamp" 2>/dev/null)" != "$*" ]; then
    say "Configuring $(basename "$folder") anew"
    quietly meson setup --reconfigure "$folder" "$root" "$@" || return
    printf '%s\n' "$*" >"$stamp"
  fi
  say "Building $(basename "$folder")"
  quietly meson compile -C "$folder"
}

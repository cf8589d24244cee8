#!/usr/bin/env bash
# Makes a Debian package of the program in build/: make_deb.sh [--version V] [--output DIR]; prints its path. The same input makes
# the same package, byte for byte.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

build=${COLOA_BUILD:-build}
output=build
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
while [ $# -gt 0 ]; do
  case $1 in
    --version) version=$2; shift 2 ;;
    --output) output=$2; shift 2 ;;
    *) echo "make_deb.sh: $1 is unknown" >&2; exit 2 ;;
  esac
done
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
stage=$scratch/stage

# What meson installs has a prefix; nothing compiled depends on it.
wanted="/usr /lib/systemd/system"
now=$(meson introspect "$build" --buildoptions | python3 -c '
import json, sys
o = {x["name"]: x["value"] for x in json.load(sys.stdin)}
print(o["prefix"], o["systemd-units"])')
[ "$now" = "$wanted" ] || meson configure "$build" -Dprefix=/usr -Dsystemd-units=/lib/systemd/system >&2
ninja -C "$build" src/main/coloa >&2
DESTDIR=$stage meson install -C "$build" --no-rebuild --quiet >&2

install -D -m 0644 content/coloa.yaml "$stage/etc/coloa/coloa.yaml"
doc=$stage/usr/share/doc/coloa
install -D -m 0644 tools/deb/copyright "$doc/copyright"
printf 'coloa (%s) unstable; urgency=medium\n\n  * See README.md.\n\n -- Coloa <founders@coloa.invalid>  %s\n' "$version" \
  "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$doc/changelog.Debian"
gzip -9n "$doc/changelog.Debian"
find "$stage/usr/share/man" -type f ! -name '*.gz' -exec gzip -9n {} +
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$stage/usr/bin/coloa"
# Nothing but the program and its directories can be executed or written by others, whoever's umask made the checkout.
find "$stage" -type d -exec chmod 0755 {} +
find "$stage" -type f -exec chmod 0644 {} +
chmod 0755 "$stage/usr/bin/coloa"

mkdir -p "$scratch/debian" "$stage/DEBIAN"
printf 'Source: coloa\n\nPackage: coloa\nArchitecture: any\n' >"$scratch/debian/control"
depends=$(cd "$scratch" && dpkg-shlibdeps -O -estage/usr/bin/coloa 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "make_deb.sh: dpkg-shlibdeps found no libraries" >&2; exit 1; }
size=$(du -k -s --apparent-size --exclude=DEBIAN "$stage" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$(dpkg --print-architecture)/" -e "s/@SIZE@/$size/" \
  -e "s/@DEPENDS@/$depends/" tools/deb/control.in >"$stage/DEBIAN/control"
echo /etc/coloa/coloa.yaml >"$stage/DEBIAN/conffiles"
install -m 0755 tools/deb/postinst tools/deb/prerm tools/deb/postrm "$stage/DEBIAN/"
(cd "$stage" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$stage/DEBIAN/md5sums"

find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$output"
package=$output/coloa_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group -Zxz --build "$stage" "$package" >&2
readlink -f "$package"

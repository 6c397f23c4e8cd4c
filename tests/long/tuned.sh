#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# every test of a build that was tuned (script/build --tuned)
set -eu
script/build --tests --tuned --dir build-tuned
exec make -C build-tuned -k --no-print-directory check

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a GLib test program so that it speaks TAP to automake's driver.
exec "$@" --tap -k

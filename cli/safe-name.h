/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File names that a stranger's file name becomes.
 *
 * What comes out is valid UTF-8 of 1 to 255 octets, has no slash,
 * control, direction mark or line separator, starts with neither a dot nor a
 * dash nor a blank, and ends with no blank: it names a plain file in the
 * folder it is used in.
 */
#ifndef PLI_CLI_SAFE_NAME_H
#define PLI_CLI_SAFE_NAME_H

#include <glib.h>

#define PLI_SAFE_NAME_OCTETS 255

/* The last element of `name` (slashes divide; backslashes too in a path as
 * Windows writes it, "C:\dir\x" or "..\x"), without what is not wanted; too
 * long a one keeps its extension. NULL when nothing is left, or `name` is
 * NULL. The caller frees it. */
char *pli_safe_name_format(const char *name);

/* "part-PATH.EXT" for a part that has no name of its own, by its type
 * ("image/png"); .bin when that is not known. The caller frees it. */
char *pli_safe_name_format_unnamed(const char *path, const char *type);

/* "name (2).ext" for a safe name; n from 2. Still within 255 octets. */
char *pli_safe_name_format_numbered(const char *name, guint n);

#endif

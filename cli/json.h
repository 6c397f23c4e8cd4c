/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON (RFC 8259) straight to a file.
 *
 * json-glib builds a whole object in memory, takes only NUL-terminated valid
 * UTF-8 and only signed numbers; a message of 10,000 parts with hostile names
 * wants none of that. Commas are put where they belong; keys and nesting are
 * the caller's duty. What is no UTF-8 becomes U+FFFD, so that the output is
 * always valid. Errors stay in the file (ferror).
 */
#ifndef PLI_CLI_JSON_H
#define PLI_CLI_JSON_H

#include <stdio.h>

#include "engine/slice.h"

typedef struct {
	FILE *file;
	gboolean needs_comma;
} PliJson;

void pli_json_init(PliJson *json, FILE *file);

void pli_json_begin_object(PliJson *json);

void pli_json_end_object(PliJson *json);

void pli_json_begin_array(PliJson *json);

void pli_json_end_array(PliJson *json);

/* The name of the value that comes next. */
void pli_json_add_key(PliJson *json, const char *key);

/* NULL data is null. */
void pli_json_add_slice(PliJson *json, PliSlice text);

void pli_json_add_string(PliJson *json, const char *text);

void pli_json_add_uint(PliJson *json, guint64 number);

/* A key and its value. */
void pli_json_add_text_of(PliJson *json, const char *key, const char *text);

void pli_json_add_uint_of(PliJson *json, const char *key, guint64 number);

void pli_json_add_int(PliJson *json, gint64 number);

void pli_json_add_boolean(PliJson *json, gboolean value);

void pli_json_add_null(PliJson *json);

/* Ends a line of JSON lines. */
void pli_json_end_line(PliJson *json);

#endif

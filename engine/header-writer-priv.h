/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The field that is being written. Whatever goes wrong is kept in the writer
 * and told by finish(); after that nothing is appended any more.
 */
#ifndef PLI_ENGINE_HEADER_WRITER_PRIV_H
#define PLI_ENGINE_HEADER_WRITER_PRIV_H

#include "engine/header-writer.h"

/* Longer than this, words are encoded where they may be. */
#define PLI_HEADER_WRITER_TOKEN_MAX 900
/* More blanks than this are encoded. */
#define PLI_HEADER_WRITER_GAP_MAX 20

typedef struct {
	PliBuf *out;
	PliHeaderWriterFlags flags;
	const char *name;
	gsize start;	 /* of the field in `out` */
	gsize column;	 /* octets in the open line */
	gboolean is_new; /* nothing but the name was written */
	gboolean has_word; /* in the open line */
	gboolean is_text;  /* unstructured */
	GError *error;
} PliHeaderWriter;

/* Checks and writes the name. */
void pli_header_writer_begin(PliHeaderWriter *writer, PliBuf *out,
			     PliHeaderWriterFlags flags, const char *name);

/* The line end; or on an error none of the field stays. */
gboolean pli_header_writer_finish(PliHeaderWriter *writer, GError **error);

/* The first error counts. The message starts with the name of the field. */
void pli_header_writer_fail(PliHeaderWriter *writer, PliHeaderWriterError code,
			    const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Valid UTF-8 without controls but HTAB; else it fails. `what`: for the
 * message. */
gboolean pli_header_writer_check(PliHeaderWriter *writer, PliSlice value,
				 const char *what);

/* A piece without a place to fold at, and the blanks before it: these begin a
 * new line when the piece would make this one too long. */
void pli_header_writer_put(PliHeaderWriter *writer, PliSlice gap,
			   PliSlice piece);

/* Encoded-words for all of `text`, the last one followed by `suffix`. */
void pli_header_writer_put_words(PliHeaderWriter *writer, PliSlice gap,
				 PliSlice text, gboolean is_phrase,
				 const char *suffix);

/* The octets from `i` on that are blanks, that are none. */
gsize pli_header_writer_count_blanks(PliSlice text, gsize i);
gsize pli_header_writer_count_word(PliSlice text, gsize i);

gboolean pli_header_writer_has_8bit(PliSlice text);

/* A "=?", which readers take for the start of an encoded-word. */
gboolean pli_header_writer_has_word(PliSlice text);

/* For a message. */
char *pli_header_writer_escape(PliSlice value);

#endif

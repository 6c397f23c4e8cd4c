/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where octets lie: (source, offset, length).
 *
 * Source 0 is the message as stored. Source k > 0 is a decoding of a span of
 * another source, and is never served as a range of a file.
 */
#ifndef PLI_ENGINE_SPAN_H
#define PLI_ENGINE_SPAN_H

#include "engine/decls.h"

PLI_BEGIN_DECLS

typedef struct {
	guint32 source;
	guint64 offset;
	guint64 length;
} PliSpan;

/* An index that names nothing. */
#define PLI_NONE G_MAXUINT32

/*
 * What an LF without CR before it means where octets are counted for IMAP.
 * AS_IS: itself (our own store, which keeps CRLF as it came).
 * LF_FILE: a whole line end; it counts, and is served, as CRLF.
 */
typedef enum {
	PLI_LINE_AS_IS = 0,
	PLI_LINE_LF_FILE = 1,
} PliLineMode;

PLI_END_DECLS

#endif

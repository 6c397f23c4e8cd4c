/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files inside a leaf that MIME knows nothing of: uuencode, xxencode, yEnc
 * and BinHex blocks in its text, attachments in TNEF (winmail.dat).
 *
 * One file after the other comes out, in pieces of bounded size; nothing is
 * kept of them. TNEF is read twice: where its files lie is known at its end.
 * An enclosed message of TNEF is opened in its turn, to PLI_INSIDE_DEPTH
 * levels; deeper ones give PLI_DEFECT_LIMIT_TNEF.
 */
#ifndef PLI_CLI_INSIDE_H
#define PLI_CLI_INSIDE_H

#include "cli/body-reader.h"
#include "engine/context.h"

#define PLI_INSIDE_DEPTH 8

typedef struct PliInside PliInside;

typedef enum {
	PLI_INSIDE_BEGIN,  /* a file: name, within, type */
	PLI_INSIDE_OCTETS, /* of it */
	PLI_INSIDE_END,
} PliInsideEventType;

typedef struct {
	PliInsideEventType event;
	/* of the file, valid until the next BEGIN */
	const char *name;   /* as sent, in UTF-8; NULL: none */
	const char *within; /* "uuencode", "xxencode", "yenc", "binhex",
	                       "tnef" */
	const char *type;   /* a MIME type when the format tells one, or NULL */
	PliSlice octets;    /* valid until the next call */
} PliInsideEvent;

/* One for any number of parts; context and reader are borrowed, the reader is
 * used between begin() and the end. */
PliInside *pli_inside_new(PliContext *context, PliBodyReader *reader);

void pli_inside_free(PliInside *inside);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliInside, pli_inside_free)

/* FALSE: the part is of no kind that holds files. The message is borrowed. */
gboolean pli_inside_begin(PliInside *inside, const PliMessage *message,
			  const PliPart *part);

/* READY: *ret_event is set. WANT: no more. FAIL: the message could not be
 * read. */
PliStep pli_inside_next(PliInside *inside, PliInsideEvent *ret_event,
			GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what was met in the part so far to `set`. */
void pli_inside_get_defects(const PliInside *inside, PliDefectSet *set);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a message is to be composed of: options and files of a command line, or
 * a JSON object with the same names (doc/man/pli-compose.1).
 */
#ifndef PLI_CLI_COMPOSE_INPUT_H
#define PLI_CLI_COMPOSE_INPUT_H

#include "engine/gmime/compose-report.h"

/* Octets of a file that is read, and of a message that is written. */
#define PLI_COMPOSE_INPUT_MAX (128 * 1024 * 1024)

typedef struct {
	char *file;
	char *name;	   /* NULL: the file's */
	char *type;	   /* NULL: what it looks like */
	char *disposition; /* NULL: attachment */
	char *cid;
	char *description;
} PliComposeFile;

typedef enum {
	PLI_COMPOSE_NO_REPORT,
	PLI_COMPOSE_DSN,
	PLI_COMPOSE_MDN,
	PLI_COMPOSE_ARF,
} PliComposeReportKind;

typedef struct {
	char *from, *sender, *reply_to, *to, *cc, *subject;
	char *message_id, *in_reply_to, *references, *auto_submitted;
	gint64 date; /* G_MININT64: now */
	gint64 zone;
	GArray *headers; /* of PliComposeField, owned */
	gboolean utf8, is_8bit;
	char *seed;
	char *text, *html; /* the octets, UTF-8 */
	GPtrArray *files;  /* of PliComposeFile: attachments and inline */
	char *reply, *forward; /* files with a message */
	gboolean reply_all;
	GPtrArray *digest; /* of such */
	char *sign;	   /* a key */
	gboolean encrypt, smime;
	PliComposeReportKind report;
	char *original; /* file of the message it is about */
	gboolean only_header;
	PliComposeDsn dsn; /* strings owned, `report` not set */
	GArray *recipients; /* of PliComposeDsnRecipient */
	PliComposeMdn mdn;
	PliComposeArf arf;
	GPtrArray *strings; /* that the reports borrow */
} PliComposeInput;

PliComposeInput *pli_compose_input_new(void);

void pli_compose_input_free(PliComposeInput *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliComposeInput, pli_compose_input_free)

/* "Name: value". FALSE when it is not that. */
gboolean pli_compose_input_add_header(PliComposeInput *input,
				      const char *line);

void pli_compose_input_add_file(PliComposeInput *input, const char *file,
				const char *disposition);

/* A whole file, "-" for standard input, which is at its end afterwards and
 * refused then; NULL with *error that names it. */
GBytes *pli_compose_input_read_file(const char *file, GError **error);

/* Adds what a JSON object says. FALSE with *error, which names the member,
 * when one is not known or has another type. */
gboolean pli_compose_input_add_json(PliComposeInput *input, const char *file,
				    GError **error);

#endif

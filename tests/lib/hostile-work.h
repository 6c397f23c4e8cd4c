/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that the engine does with a message, one work after the other: what
 * test-hostile runs for its own sake and bench-linear measures.
 */
#ifndef PLI_TESTS_LIB_HOSTILE_WORK_H
#define PLI_TESTS_LIB_HOSTILE_WORK_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/parser.h"

typedef enum {
	PLI_HOSTILE_WORK_PARSE,  /* parse, seal, open */
	PLI_HOSTILE_WORK_TEXT,   /* BODYSTRUCTURE and ENVELOPE */
	PLI_HOSTILE_WORK_DERIVE, /* put a field in front */
	PLI_HOSTILE_WORK_DECODE, /* the leaves, and text to UTF-8 */
	PLI_HOSTILE_WORK_ITEMS,  /* words, addresses, names within limits */
	PLI_HOSTILE_WORK_VALUE,  /* the first field, without any limit */
	PLI_HOSTILE_N_WORKS,
} PliHostileWorkKind;

typedef struct {
	PliSlice message;
	PliContext *context;
	PliParser *parser;
	PliBuf text;
	guint8 *decoded;
	PliStructure *structure; /* of the last parse */
	PliDefectSet defects;	 /* of the readers of values */
	gsize most_memory;	 /* that the parser held */
} PliHostileWork;

/* `message` is borrowed. Parses once. */
void
pli_hostile_work_init(PliHostileWork *work, PliSlice message);

void
pli_hostile_work_clear(PliHostileWork *work);

const char *
pli_hostile_work_get_name(PliHostileWorkKind kind);

void
pli_hostile_work_run(PliHostileWork *work, PliHostileWorkKind kind);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliHostileWork, pli_hostile_work_clear)

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fragments of messages that were cut up to be sent (message/partial,
 * RFC 2046 5.2.2), by the message they are of.
 *
 * Of a fragment is kept what it says and where it is: neither its octets nor
 * its structure, and no open file when it can be opened again. At most
 * PLI_FRAGMENTS_MAX are, with ids of at most PLI_FRAGMENTS_ID_OCTETS.
 */
#ifndef PLI_CLI_FRAGMENTS_H
#define PLI_CLI_FRAGMENTS_H

#include "cli/message.h"
#include "engine/partial.h"

#define PLI_FRAGMENTS_MAX 100000
#define PLI_FRAGMENTS_ID_OCTETS 998

typedef struct PliFragmentPlace PliFragmentPlace;

typedef struct {
	char *name; /* as pli_message_dup_name() gives it */
	guint32 number;
	guint32 total; /* 0: not told */
	PliFragmentPlace *place;
} PliFragment;

/* Those of one message. */
typedef struct {
	GBytes *id;
	GArray *fragments; /* of PliFragment, by number */
	PliDefectSet defects;
	guint32 total; /* the first that was told; 0: none was */
} PliFragmentGroup;

/* Numbers that follow each other. */
typedef struct {
	guint32 first, last;
} PliFragmentRange;

typedef struct PliFragments PliFragments;

PliFragments *pli_fragments_new(void);

void pli_fragments_free(PliFragments *fragments);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliFragments, pli_fragments_free)

/* FALSE: the message was not taken; *ret_problem is NULL when it is no
 * message/partial, else says why, and is static. */
gboolean pli_fragments_add(PliFragments *fragments, const PliMessage *message,
			   const char **ret_problem);

/* Of PliFragmentGroup, in the order in which their first ones came; nothing
 * may be added after this. */
const GPtrArray *pli_fragments_finish(PliFragments *fragments);

/* The numbers that are not there, the lowest `max` ranges; to the highest
 * that is there when the total is not known. The caller unrefs it. */
GArray *pli_fragment_group_dup_missing(const PliFragmentGroup *group,
				       guint max);

/* Why the fragments do not make one message, in a sentence the caller frees;
 * NULL when they do. *ret_defect says which kind it is. */
char *pli_fragment_group_dup_problem(const PliFragmentGroup *group,
				     PliDefectId *ret_defect);

/* The octets of the fragment's message. FAIL: also when it is not what it was
 * when it was added, as far as its size and dates tell. */
PliSource *pli_fragment_open(const PliFragment *fragment, GError **error);

#endif

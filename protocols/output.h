/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session has yet to send: an ordered queue of octets and of ranges of
 * sources.
 *
 * Octets are copied into chunks, but for static text, which is only pointed
 * to; a source range takes a reference and is never read here. Appending
 * always succeeds: the session asks pli_output_is_full() before it produces
 * more, so the queue stays within the high-water mark plus one reply.
 */
#ifndef PLI_PROTOCOLS_OUTPUT_H
#define PLI_PROTOCOLS_OUTPUT_H

#include "protocols/session.h"

typedef struct PliOutputSegment PliOutputSegment;

typedef struct {
	PliOutputSegment *first;
	PliOutputSegment *last;
	guint64 waiting;
	guint64 high_water;
	guint n_ranges; /* of sources */
} PliOutputQueue;

/* What a range of a source costs, however short: a source keeps a file open.
 * Counted towards the high-water mark. */
#define PLI_OUTPUT_RANGE_COST 4096

/* An empty queue; it counts as full once `high_water` octets wait. */
void
pli_output_init(PliOutputQueue *queue, guint64 high_water);

/* Drops all that waits; the queue can be used again. */
void
pli_output_clear(PliOutputQueue *queue);

/* Appends a copy of the octets. */
void
pli_output_append(PliOutputQueue *queue, PliSlice octets);

void
pli_output_append_string(PliOutputQueue *queue, const char *s);

void
pli_output_append_printf(PliOutputQueue *queue, const char *format, ...)
        G_GNUC_PRINTF(2, 3);

/* Not copied: `octets` must live as long as the queue. Meant for large
 * constant text; short text is better copied, so that fewer writes result. */
void
pli_output_append_static(PliOutputQueue *queue, PliSlice octets);

/* `length` octets of `source` from `offset` on; takes a reference. */
void
pli_output_append_source(PliOutputQueue *queue, PliSource *source,
                         guint64 offset, guint64 length);

/* As pli_session_output(): the head, valid until the queue is next changed;
 * FALSE when the queue is empty. */
gboolean
pli_output_get_head(const PliOutputQueue *queue, PliOutput *ret_head);

/* `n` octets of the head went out; n must not pass the head. */
void
pli_output_sent(PliOutputQueue *queue, gsize n);

/* Octets that wait in all, those of source ranges too. */
static inline guint64
pli_output_get_waiting(const PliOutputQueue *queue)
{
	return queue->waiting;
}

static inline gboolean
pli_output_is_full(const PliOutputQueue *queue)
{
	return queue->waiting +
	               (guint64)queue->n_ranges * PLI_OUTPUT_RANGE_COST >=
	       queue->high_water;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliOutputQueue, pli_output_clear)

#endif

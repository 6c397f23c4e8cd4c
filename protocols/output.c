/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/output.h"

#include <stdarg.h>

/* A chunk is big enough for most replies and small enough for a session that
 * sits idle with one of them unread. */
#define CHUNK_MIN 1000

/* Owned octets (room > 0, they lie in chunk), static ones, or a range. */
struct PliOutputSegment {
	PliOutputSegment *next;
	PliSource *source;
	const guint8 *data; /* the unsent octets, when source is NULL */
	guint64 offset;
	guint64 length; /* unsent */
	gsize room;	/* octets free at the end of the chunk */
	guint8 chunk[];
};

static PliOutputSegment *
segment_new(PliOutputQueue *queue, gsize room)
{
	PliOutputSegment *segment = g_malloc(sizeof(*segment) + room);

	memset(segment, 0, sizeof(*segment));
	segment->room = room;
	segment->data = segment->chunk;
	if (queue->last != NULL)
		queue->last->next = segment;
	else
		queue->first = segment;
	queue->last = segment;
	return segment;
}

static void
segment_free_first(PliOutputQueue *queue)
{
	PliOutputSegment *segment = queue->first;

	queue->first = segment->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->n_ranges -= segment->source != NULL;
	pli_source_unref(segment->source);
	g_free(segment);
}

void
pli_output_init(PliOutputQueue *queue, guint64 high_water)
{
	*queue = (PliOutputQueue){.high_water = high_water};
}

void
pli_output_clear(PliOutputQueue *queue)
{
	while (queue->first != NULL)
		segment_free_first(queue);
	queue->waiting = 0;
}

static void
append_to_segment(PliOutputSegment *segment, PliSlice octets)
{
	guint8 *end = (guint8 *)segment->data + segment->length;

	memcpy(end, octets.data, octets.len);
	segment->length += octets.len;
	segment->room -= octets.len;
}

void
pli_output_append(PliOutputQueue *queue, PliSlice octets)
{
	PliOutputSegment *last = queue->last;
	PliSlice fits = octets;

	queue->waiting += octets.len;
	if (last != NULL && last->room > 0 && octets.len > 0) {
		fits.len = MIN(fits.len, last->room);
		append_to_segment(last, fits);
		octets = pli_slice_skip(octets, fits.len);
	}
	if (octets.len > 0)
		append_to_segment(
			segment_new(queue, MAX(octets.len, CHUNK_MIN)), octets);
}

void
pli_output_append_string(PliOutputQueue *queue, const char *s)
{
	pli_output_append(queue, pli_slice_from_string(s));
}

void
pli_output_append_printf(PliOutputQueue *queue, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	pli_output_append_string(queue, text);
}

void
pli_output_append_static(PliOutputQueue *queue, PliSlice octets)
{
	PliOutputSegment *segment;

	if (octets.len == 0)
		return;
	segment = segment_new(queue, 0);
	segment->data = octets.data;
	segment->length = octets.len;
	queue->waiting += octets.len;
}

void
pli_output_append_source(PliOutputQueue *queue, PliSource *source,
			 guint64 offset, guint64 length)
{
	PliOutputSegment *segment;

	if (length == 0)
		return;
	segment = segment_new(queue, 0);
	segment->source = pli_source_ref(source);
	queue->n_ranges++;
	segment->offset = offset;
	segment->length = length;
	queue->waiting += length;
}

gboolean
pli_output_get_head(const PliOutputQueue *queue, PliOutput *ret_head)
{
	const PliOutputSegment *segment = queue->first;

	if (segment == NULL)
		return FALSE;
	*ret_head = (PliOutput){
		.source = segment->source,
		.offset = segment->offset,
		.length = segment->length,
	};
	if (segment->source == NULL)
		ret_head->octets =
			pli_slice_new(segment->data, (gsize)segment->length);
	return TRUE;
}

void
pli_output_sent(PliOutputQueue *queue, gsize n)
{
	PliOutputSegment *segment = queue->first;

	if (n == 0)
		return;
	g_assert(segment != NULL && n <= segment->length);
	queue->waiting -= n;
	segment->length -= n;
	segment->offset += n;
	segment->data += segment->source == NULL ? n : 0;
	if (segment->length == 0)
		segment_free_first(queue);
}

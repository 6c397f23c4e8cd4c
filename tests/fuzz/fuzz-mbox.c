/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mbox reader finds the same messages whole and octet by octet, its spans
 * lie in order inside the file, and the message source gives the octets that
 * the reader gave. The first octet chooses the format.
 */
#include "store/mbox-source.h"
#include "store/mbox.h"
#include "tests/store/piece-source.h"

typedef struct {
	GArray *messages;
	GByteArray *octets; /* of all messages */
	guint64 skipped;
} Found;

static Found
read_all(PliSource *source, PliMboxFormat format)
{
	g_autoptr(PliMboxReader) reader = pli_mbox_reader_new(source, format);
	Found found = {
		.messages = g_array_new(FALSE, TRUE, sizeof(PliMboxMessage)),
		.octets = g_byte_array_new(),
	};

	for (;;) {
		PliMboxEvent event;
		PliStep step = pli_mbox_reader_next(reader, &event, NULL);

		g_assert(step != PLI_STEP_FAIL);
		if (step == PLI_STEP_WANT)
			continue;
		if (event.type == PLI_MBOX_EVENT_EOF)
			break;
		if (event.type == PLI_MBOX_EVENT_OCTETS)
			g_byte_array_append(found.octets, event.octets.data,
					    (guint)event.octets.len);
		if (event.type == PLI_MBOX_EVENT_END)
			g_array_append_val(found.messages, event.message);
	}
	found.skipped = pli_mbox_reader_get_skipped(reader);
	return found;
}

static void
found_clear(Found *found)
{
	g_array_unref(found->messages);
	g_byte_array_unref(found->octets);
}

static void
check_same(const Found *a, const Found *b)
{
	guint i;

	g_assert(a->messages->len == b->messages->len);
	g_assert(a->skipped == b->skipped);
	for (i = 0; i < a->messages->len; i++) {
		PliMboxMessage *m =
			&g_array_index(a->messages, PliMboxMessage, i);
		PliMboxMessage *n =
			&g_array_index(b->messages, PliMboxMessage, i);

		g_assert(m->from_offset == n->from_offset);
		g_assert(m->from_length == n->from_length);
		g_assert(m->offset == n->offset && m->length == n->length);
		g_assert(m->unquoted_length == n->unquoted_length);
		g_assert(m->date == n->date && m->format == n->format);
	}
	g_assert(a->octets->len == b->octets->len);
	g_assert(a->octets->len == 0 ||
		 memcmp(a->octets->data, b->octets->data, a->octets->len) == 0);
}

/* The same octets by the message sources; spans in order. */
static void
check_sources(PliSource *file, const Found *found, gsize size)
{
	guint64 end = 0;
	gsize at = 0;
	guint i;

	for (i = 0; i < found->messages->len; i++) {
		PliMboxMessage *m =
			&g_array_index(found->messages, PliMboxMessage, i);
		g_autoptr(PliSource) source = pli_mbox_source_new(file, m);
		guint64 offset = 0;

		g_assert(m->from_offset >= end);
		g_assert(m->offset == m->from_offset + m->from_length);
		end = m->offset + m->length;
		g_assert(end <= size);
		while (offset < m->unquoted_length) {
			PliSlice got;

			if (pli_source_read_at(source, offset, G_MAXSIZE, &got,
					       NULL) != PLI_STEP_READY)
				continue;
			g_assert(got.len > 0);
			g_assert(memcmp(found->octets->data + at, got.data,
					got.len) == 0);
			at += got.len;
			offset += got.len;
		}
	}
	g_assert(at == found->octets->len);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(PliSource) whole = NULL;
	g_autoptr(PliSource) pieces = NULL;
	PliMboxFormat format;
	PliSlice octets;
	Found a, b;

	if (size == 0)
		return 0;
	format = data[0] % (PLI_MBOX_CL2 + 1);
	octets = pli_slice_new(data + 1, size - 1);
	whole = piece_source_new(octets, G_MAXSIZE, FALSE);
	pieces = piece_source_new(octets, 1, TRUE);
	a = read_all(whole, format);
	b = read_all(pieces, format);
	check_same(&a, &b);
	check_sources(whole, &a, octets.len);
	check_sources(pieces, &a, octets.len);
	found_clear(&a);
	found_clear(&b);
	return 0;
}

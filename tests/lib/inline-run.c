/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/inline-run.h"

#include "tests/lib/decode.h"

typedef struct {
	GByteArray *out;
	GByteArray *data[2]; /* of the file, of the resource fork */
	gboolean is_open;
	PliInlinePartEvent begin;
	char *name;
	guint64 end; /* of the last block */
} Run;

static void
append(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, strlen(text));
}

/* Printable ones as they are, others as \xNN. */
static void
append_octets(GByteArray *out, const GByteArray *octets)
{
	for (guint i = 0; i < octets->len; i++) {
		g_autofree char *text = NULL;

		if (g_ascii_isprint(octets->data[i])) {
			g_byte_array_append(out, &octets->data[i], 1);
			continue;
		}
		text = g_strdup_printf("\\x%02x", octets->data[i]);
		append(out, text);
	}
}

static void
note_end(Run *run, const PliInlinePartEvent *event)
{
	static const char *const names[] = {"uu", "xx", "yenc", "binhex"};
	g_autofree char *line = g_strdup_printf(
		"%s %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT " %o "
		"%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %s ",
		names[event->encoding - PLI_ENCODING_UUENCODE], event->offset,
		event->length, run->begin.mode, run->begin.yenc_part,
		run->begin.yenc_total, run->name);

	g_assert(run->is_open);
	g_assert(event->offset >= run->end);
	run->is_open = FALSE;
	run->end = event->offset + event->length;
	append(run->out, line);
	for (guint fork = 0; fork < 2; fork++) {
		if (run->data[fork]->len == 0)
			continue;
		append(run->out, fork == 0 ? "[data]" : "[fork]");
		append_octets(run->out, run->data[fork]);
		g_byte_array_set_size(run->data[fork], 0);
	}
	pli_decode_append_defects(run->out, &event->defects);
	append(run->out, "\n");
}

static void
note(Run *run, const PliInlinePartEvent *event)
{
	switch (event->type) {
	case PLI_INLINE_PART_BEGIN:
		g_assert(!run->is_open);
		run->is_open = TRUE;
		run->begin = *event;
		g_free(run->name);
		run->name = pli_slice_dup(event->name);
		g_assert(event->name.len <= 1024);
		break;
	case PLI_INLINE_PART_DATA:
	case PLI_INLINE_PART_RESOURCE:
		g_assert(run->is_open && event->octets.len > 0);
		g_byte_array_append(
			run->data[event->type == PLI_INLINE_PART_RESOURCE],
			event->octets.data, event->octets.len);
		break;
	case PLI_INLINE_PART_END: note_end(run, event); break;
	}
	g_assert(event->offset == run->begin.offset);
	g_assert(event->encoding == run->begin.encoding);
}

GBytes *
pli_inline_run(const PliSlice *pieces, gsize n, gpointer user_data)
{
	g_autoptr(PliInlinePart) reader = pli_inline_part_new();
	PliInlinePartEvent event;
	guint64 total = 0;
	Run run = {
		.out = g_byte_array_new(),
		.data = {g_byte_array_new(), g_byte_array_new()},
	};

	(void)user_data;
	for (gsize i = 0; i <= n; i++) {
		g_autofree guint8 *copy = NULL;

		if (i < n) {
			copy = g_memdup2(pieces[i].data, pieces[i].len);
			pli_inline_part_feed(
				reader, pli_slice_new(copy, pieces[i].len));
			total += pieces[i].len;
		} else {
			pli_inline_part_finish(reader);
		}
		while (pli_inline_part_next(reader, &event) == PLI_STEP_READY)
			note(&run, &event);
	}
	g_assert(!run.is_open && run.end <= total);
	g_byte_array_append(run.out, (const guint8 *)"", 1);
	g_free(run.name);
	g_byte_array_unref(run.data[0]);
	g_byte_array_unref(run.data[1]);
	return g_byte_array_free_to_bytes(run.out);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/flowed-run.h"

static void
append(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, strlen(text));
}

static void
note(GByteArray *out, const PliFlowedEvent *event, gboolean marks,
     gboolean *is_open)
{
	g_autofree char *depth = g_strdup_printf("%u|", event->depth);

	g_assert(*is_open == (event->type != PLI_FLOWED_BEGIN));
	*is_open = event->type != PLI_FLOWED_END;
	if (event->type == PLI_FLOWED_BEGIN && marks)
		append(out, depth);
	if (event->type == PLI_FLOWED_TEXT) {
		g_assert(event->octets.len > 0);
		g_byte_array_append(out, event->octets.data, event->octets.len);
	}
	if (event->type == PLI_FLOWED_END)
		append(out, event->is_signature && marks ? "~\n" : "\n");
}

GBytes *
pli_flowed_run(const PliSlice *pieces, gsize n, gpointer user_data)
{
	const guint flags = GPOINTER_TO_UINT(user_data);
	const gboolean marks = flags & PLI_FLOWED_RUN_MARKS;
	GByteArray *out = g_byte_array_new();
	gboolean is_open = FALSE;
	PliFlowedEvent event;
	PliFlowed flowed;

	pli_flowed_init(&flowed, flags & PLI_FLOWED_RUN_DELSP);
	for (gsize i = 0; i < n; i++) {
		g_autofree guint8 *copy =
			g_memdup2(pieces[i].data, pieces[i].len);
		PliSlice in = pli_slice_new(copy, pieces[i].len);

		while (pli_flowed_next(&flowed, &in, &event) == PLI_STEP_READY)
			note(out, &event, marks, &is_open);
		g_assert(in.len == 0);
	}
	while (pli_flowed_finish(&flowed, &event) == PLI_STEP_READY)
		note(out, &event, marks, &is_open);
	g_assert(!is_open);
	return g_byte_array_free_to_bytes(out);
}

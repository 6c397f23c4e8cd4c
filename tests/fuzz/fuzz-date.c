/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read as a date is written as one that reads the same, and any
 * moment and zone give a text that fits. */
#include "engine/date.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_format(gint64 seconds, gint zone, gboolean is_in_range)
{
	char text[2][40];
	gint64 again;
	gint zone_again;

	memset(text, 'x', sizeof text);
	pli_date_format(seconds, zone, text[0]);
	pli_date_format_imap(seconds, zone, text[1]);
	for (gsize i = 0; i < 2; i++) {
		g_assert(strnlen(text[i], 40) == (i == 0 ? 31 : 26));
		if (!is_in_range)
			continue;
		g_assert(pli_date_parse(pli_slice_from_string(text[i]), &again,
					&zone_again));
		g_assert(again == seconds && zone_again == zone);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Two days from either end of the years that four digits show. */
	const gint64 first = G_GINT64_CONSTANT(-62135596800) + 172800;
	const gint64 last = G_GINT64_CONSTANT(253402300799) - 172800;
	gint64 seconds;
	gint zone;

	if (pli_date_parse(pli_slice_new(data, size), &seconds, &zone))
		check_format(seconds, zone,
			     seconds >= first && seconds <= last);
	if (size >= sizeof seconds + sizeof zone) {
		memcpy(&seconds, data, sizeof seconds);
		memcpy(&zone, data + sizeof seconds, sizeof zone);
		check_format(seconds, zone, FALSE);
	}
	return 0;
}

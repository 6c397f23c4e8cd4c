/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/utf8.h"

#include "engine/utf8-priv.h"

#define FIRST_CHARACTERS 16
#define HIGH_BITS G_GUINT64_CONSTANT(0x8080808080808080)

static inline guint64
load_word(const guint8 *data)
{
	guint64 word;

	memcpy(&word, data, sizeof word);
	return word;
}

gsize
pli_utf8_get_ascii(PliSlice octets)
{
	const guint8 *data = octets.data;
	gsize i = 0;

	while (octets.len - i >= 32) {
		if (((load_word(data + i) | load_word(data + i + 8) |
		      load_word(data + i + 16) | load_word(data + i + 24)) &
		     HIGH_BITS) != 0)
			break;
		i += 32;
	}
	while (octets.len - i >= 8 && (load_word(data + i) & HIGH_BITS) == 0)
		i += 8;
	while (i < octets.len && data[i] < 0x80)
		i++;
	return i;
}

/* Octets of the character that a lead octet starts; 0 when it starts none.
 * *ret_low to *ret_high is what its second octet may be. */
static inline gsize
lead_length(guint8 lead, guint8 *ret_low, guint8 *ret_high)
{
	*ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* How many octets fit the character that starts at the front (not ASCII), and
 * how many it would have; 0 of 0 for an octet that starts none. */
static inline gsize
match_character(const guint8 *data, gsize len, gsize *ret_wanted)
{
	guint8 low, high;
	gsize n = 1;

	*ret_wanted = lead_length(data[0], &low, &high);
	if (*ret_wanted == 0)
		return 0;
	if (len < 2 || data[1] < low || data[1] > high)
		return 1;
	for (n = 2; n < *ret_wanted && n < len; n++)
		if ((data[n] & 0xc0) != 0x80)
			break;
	return n;
}

/* A whole character of two or three octets that is no special case: most of
 * what is not ASCII. */
static inline gsize
common_length(const guint8 *data, gsize len)
{
	if (len < 3 || (data[1] & 0xc0) != 0x80)
		return 0;
	if (data[0] >= 0xc2 && data[0] <= 0xdf)
		return 2;
	if (data[0] >= 0xe1 && data[0] <= 0xef && data[0] != 0xed &&
	    (data[2] & 0xc0) == 0x80)
		return 3;
	return 0;
}

/* From `i` on, one by one, to a fault or past `stop`. */
static gsize
skip_characters(PliSlice octets, gsize i, gsize stop)
{
	const guint8 *data = octets.data;
	gsize wanted;

	while (i < stop) {
		gsize n;

		if (data[i] < 0x80) {
			if (octets.len - i >= 8 &&
			    (load_word(data + i) & HIGH_BITS) == 0)
				i += pli_utf8_get_ascii(
					pli_slice_skip(octets, i));
			else
				i++;
			continue;
		}
		n = common_length(data + i, octets.len - i);
		if (n == 0) {
			n = match_character(data + i, octets.len - i, &wanted);
			if (n == 0 || n != wanted)
				break;
		}
		i += n;
	}
	return i;
}

/* A few characters first: where faults are many, blocks cost more than they
 * save. */
gsize
pli_utf8_get_valid(PliSlice octets)
{
	gsize i = 0;

	if (octets.len >= 2 * PLI_UTF8_BLOCK) {
		i = skip_characters(octets, 0, FIRST_CHARACTERS);
		if (i < FIRST_CHARACTERS)
			return i;
		i += pli_utf8_get_valid_blocks(pli_slice_skip(octets, i));
	}
	return skip_characters(octets, i, octets.len);
}

gsize
pli_utf8_get_fault(PliSlice octets, gboolean *ret_is_cut)
{
	gsize wanted;
	gsize n = match_character(octets.data, octets.len, &wanted);

	*ret_is_cut = n == octets.len && n < wanted;
	return MAX(n, 1);
}

gboolean
pli_utf8_is_valid(PliSlice octets)
{
	return pli_utf8_get_valid(octets) == octets.len;
}

/* Octets that are no whole characters: the start of one, or none at all. */
static void
probe_hold(PliUtf8Probe *probe, PliSlice octets)
{
	gboolean is_cut = FALSE;

	(void)pli_utf8_get_fault(octets, &is_cut);
	probe->has_fault = !is_cut;
	probe->n_held = is_cut ? octets.len : 0;
	if (is_cut)
		memmove(probe->held, octets.data, octets.len);
}

void
pli_utf8_probe_feed(PliUtf8Probe *probe, PliSlice octets)
{
	gsize n;

	while (!probe->has_fault && probe->n_held > 0 && octets.len > 0) {
		PliSlice held = {probe->held, probe->n_held + 1};

		probe->held[probe->n_held] = octets.data[0];
		octets = pli_slice_skip(octets, 1);
		if (pli_utf8_get_valid(held) == held.len)
			probe->n_held = 0;
		else
			probe_hold(probe, held);
	}
	if (probe->has_fault || octets.len == 0)
		return;
	octets = pli_slice_skip(octets, pli_utf8_get_ascii(octets));
	if (octets.len == 0)
		return;
	probe->has_8bit = TRUE;
	n = pli_utf8_get_valid(octets);
	if (n < octets.len)
		probe_hold(probe, pli_slice_skip(octets, n));
}

gboolean
pli_utf8_probe_finish(const PliUtf8Probe *probe)
{
	return probe->has_8bit && !probe->has_fault && probe->n_held == 0;
}

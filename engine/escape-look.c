/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/escape-look.h"

static PliEscapeLook
take_octet(PliEscapeLook state, guint8 c, PliDefectSet *set)
{
	if (c == '=')
		return PLI_ESCAPE_EQUALS;
	switch (state) {
	case PLI_ESCAPE_EQUALS:
		if (!g_ascii_isxdigit(c))
			return PLI_ESCAPE_TEXT;
		if (c >= 'a')
			pli_defect_set_add(set, PLI_DEFECT_QP_LOWER_CASE);
		return PLI_ESCAPE_DIGIT;
	case PLI_ESCAPE_DIGIT:
		if (g_ascii_isxdigit(c) && c >= 'a')
			pli_defect_set_add(set, PLI_DEFECT_QP_LOWER_CASE);
		return PLI_ESCAPE_TEXT;
	default: return PLI_ESCAPE_TEXT;
	}
}

/* Most escapes are as they should be. */
static gboolean
starts_with_regular(PliSlice octets)
{
	return octets.len >= 3 && octets.data[0] == '=' &&
	       g_ascii_isxdigit(octets.data[1]) && octets.data[1] < 'a' &&
	       g_ascii_isxdigit(octets.data[2]) && octets.data[2] < 'a';
}

void
pli_escape_look_feed(PliEscapeLook *look, PliSlice octets, PliDefectSet *set)
{
	while (octets.len > 0) {
		if (*look == PLI_ESCAPE_TEXT) {
			const guint8 *next =
				memchr(octets.data, '=', octets.len);

			if (next == NULL)
				break;
			octets = pli_slice_skip(octets,
						(gsize)(next - octets.data));
			if (starts_with_regular(octets)) {
				octets = pli_slice_skip(octets, 3);
				continue;
			}
		}
		*look = take_octet(*look, octets.data[0], set);
		octets = pli_slice_skip(octets, 1);
	}
}

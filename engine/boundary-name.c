/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/boundary-name.h"

char *
pli_boundary_name_make(PliSlice seed, const PliStructure *structure,
		       const guint32 *numbers, gsize n)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize len;
	gconstpointer bytes =
		g_bytes_get_data(pli_structure_get_bytes(structure), &len);

	g_checksum_update(sum, seed.data, (gssize)seed.len);
	g_checksum_update(sum, bytes, (gssize)len);
	for (gsize i = 0; i < n; i++) {
		guint32 number = GUINT32_TO_LE(numbers[i]);

		g_checksum_update(sum, (const guchar *)&number, sizeof number);
	}
	return g_strdup_printf("=_%.40s", g_checksum_get_string(sum));
}

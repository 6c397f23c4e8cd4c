/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any message as GMime's objects and back: nothing in it harms GMime, and what
 * comes back is bounded.
 */
#include "engine/gmime/bridge.h"

#include "engine/parser.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static gsize started;
	g_autoptr(GBytes) octets = g_bytes_new(data, size);
	g_autoptr(PliSource) source = pli_source_new_bytes(octets);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_new(data, size), PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) again = NULL;
	g_autoptr(GBytes) back = NULL;
	GMimeObject *object;

	if (g_once_init_enter(&started)) {
		g_mime_init();
		g_once_init_leave(&started, 1);
	}
	object = pli_bridge_new_object(structure, source, 0, "seed");
	g_assert(GMIME_IS_MESSAGE(object));
	g_assert(pli_bridge_read_object(object, 64 * 1024 * 1024, &back,
					&again, NULL));
	g_object_unref(object);
	return 0;
}

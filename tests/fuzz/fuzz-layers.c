/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is signed and sealed in any message, where neither gpg nor gpgsm can be
 * run: all of it is looked at, nothing is good, and nothing sealed comes out.
 */
#include "engine/gmime/decrypted.h"

#include <gmime/gmime.h>

#include "engine/parser.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
look(const PliLayers *layers, const PliStructure *structure)
{
	g_assert(pli_layers_get_verdict(layers, TRUE) != PLI_LAYERS_GOOD);
	g_assert(layers->documents->len == 1);
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		g_assert(!pli_layers_is_signed(layers, 0, i, TRUE));
		pli_layers_is_wrapping(layers, 0, i);
	}
	for (guint32 i = 0; i < layers->layers->len; i++) {
		const PliLayer *layer =
			&g_array_index(layers->layers, PliLayer, i);

		g_assert(layer->state != PLI_LAYER_DONE);
		g_assert(layer->problem != NULL);
		g_assert(pli_layers_find(layers, 0, layer->part) == i);
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static gsize started;
	g_autoptr(GBytes) octets = g_bytes_new(data, size);
	g_autoptr(PliSource) source = pli_source_new_bytes(octets);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_new(data, size), PLI_LINE_AS_IS, NULL);
	g_autoptr(PliCrypto) crypto = NULL;
	g_autoptr(PliLayers) layers = NULL;
	g_autoptr(PliDecrypted) decrypted = NULL;

	if (g_once_init_enter(&started)) {
		g_setenv("PATH", "/nonexistent", TRUE);
		g_mime_init();
		g_once_init_leave(&started, 1);
	}
	crypto = pli_crypto_new(PLI_CRYPTO_OFFLINE, 1024 * 1024);
	layers = pli_layers_new(crypto, source, structure, NULL, NULL);
	g_assert(layers != NULL);
	look(layers, structure);
	decrypted = pli_decrypted_new(layers, NULL);
	g_assert(decrypted == NULL ||
		 pli_decrypted_get_n_opened(decrypted) == 0);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/layers.h"

#include "engine/address.h"
#include "engine/gmime/layers-priv.h"
#include "engine/line-end.h"
#include "engine/parser.h"

const PliLayersLimits pli_layers_limits_default = {
	.layers = 64,
	.depth = 8,
	.octets = 64 * 1024 * 1024,
	.total = 256 * 1024 * 1024,
};

const char *
pli_layer_kind_get_name(PliLayerKind kind)
{
	static const char *const names[] = {
		[PLI_LAYER_PGP_SIGNED] = "pgp-signed",
		[PLI_LAYER_PGP_ENCRYPTED] = "pgp-encrypted",
		[PLI_LAYER_PGP_INLINE] = "pgp-inline",
		[PLI_LAYER_SMIME_SIGNED] = "smime-signed",
		[PLI_LAYER_SMIME_OPAQUE] = "smime-opaque",
		[PLI_LAYER_SMIME_ENCRYPTED] = "smime-encrypted",
		[PLI_LAYER_SMIME_OTHER] = "smime-other",
		[PLI_LAYER_OTHER] = "other",
	};

	g_assert((gsize)kind < G_N_ELEMENTS(names));
	return names[kind];
}

const char *
pli_layer_state_get_name(PliLayerState state)
{
	static const char *const names[] = {
		[PLI_LAYER_DONE] = "done",
		[PLI_LAYER_NO_KEY] = "no-key",
		[PLI_LAYER_DAMAGED] = "damaged",
		[PLI_LAYER_MALFORMED] = "malformed",
		[PLI_LAYER_UNSUPPORTED] = "unsupported",
		[PLI_LAYER_LIMIT] = "limit",
		[PLI_LAYER_FAILED] = "failed",
	};

	g_assert((gsize)state < G_N_ELEMENTS(names));
	return names[state];
}

const char *
pli_layers_verdict_get_name(PliLayersVerdict verdict)
{
	static const char *const names[] = {
		[PLI_LAYERS_GOOD] = "good",
		[PLI_LAYERS_UNSIGNED] = "unsigned",
		[PLI_LAYERS_AMBIGUOUS] = "ambiguous",
		[PLI_LAYERS_PARTIAL] = "partial",
		[PLI_LAYERS_OTHER_SIGNER] = "other-signer",
		[PLI_LAYERS_UNTRUSTED] = "untrusted",
		[PLI_LAYERS_EXPIRED] = "expired",
		[PLI_LAYERS_KEY_EXPIRED] = "key-expired",
		[PLI_LAYERS_KEY_UNKNOWN] = "key-unknown",
		[PLI_LAYERS_NOT_CHECKED] = "not-checked",
		[PLI_LAYERS_KEY_REVOKED] = "key-revoked",
		[PLI_LAYERS_ERROR] = "error",
		[PLI_LAYERS_BAD] = "bad",
	};

	g_assert((gsize)verdict < G_N_ELEMENTS(names));
	return names[verdict];
}

static void
clear_layer(gpointer data)
{
	PliLayer *layer = data;

	g_free(layer->problem);
	g_free(layer->from);
	if (layer->signatures != NULL)
		g_ptr_array_unref(layer->signatures);
}

static void
clear_document(gpointer data)
{
	PliLayerDocument *document = data;

	pli_source_unref(document->source);
	pli_structure_unref(document->structure);
}

void
pli_layers_free(PliLayers *layers)
{
	if (layers == NULL)
		return;
	g_array_unref(layers->documents);
	g_array_unref(layers->layers);
	g_free(layers);
}

static void
add_document(PliLayers *layers, PliSource *source, PliStructure *structure,
	     guint32 layer, guint32 depth)
{
	PliLayerDocument document = {pli_source_ref(source),
				     pli_structure_ref(structure), layer,
				     depth};

	g_array_append_val(layers->documents, document);
}

/* Text with LF alone at its line ends is mail by a program that knew no
 * better; the first line tells. What has CRLF there keeps every octet. */
static GBytes *
make_crlf(GBytes *octets)
{
	PliLineEnd state = {FALSE};
	PliSlice text;
	const guint8 *lf;
	guint8 *out;
	gsize n;

	text = pli_slice_from_bytes(octets);
	lf = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
	if (lf == NULL || (lf > text.data && lf[-1] == '\r'))
		return g_bytes_ref(octets);
	out = g_malloc(PLI_LINE_END_BOUND(text.len));
	n = pli_line_end_feed_crlf(&state, text, out);
	return g_bytes_new_take(out, n);
}

static void
add_opened(PliLayers *layers, guint32 layer, GBytes *octets)
{
	g_autoptr(GBytes) text = make_crlf(octets);
	g_autoptr(PliSource) source = pli_source_new_bytes(text);
	g_autoptr(PliStructure) structure = NULL;
	PliLayer *holder = pli_layers_get_layer(layers, layer);
	guint32 depth =
		pli_layers_get_document(layers, holder->document)->depth;
	PliSlice slice;

	slice = pli_slice_from_bytes(text);
	structure = pli_parser_parse(slice, PLI_LINE_AS_IS, NULL);
	holder->opened = layers->documents->len;
	add_document(layers, source, structure, layer, depth + 1);
}

/* The message that a part lies in, which may be around the document; sets the
 * document it is a part of. */
static PliPart
get_message(const PliLayers *layers, guint32 *document, guint32 index)
{
	for (;;) {
		const PliLayerDocument *at =
			pli_layers_get_document(layers, *document);
		PliPart part;

		pli_structure_get_part(at->structure, index, &part);
		while (!(part.flags & PLI_PART_IS_MESSAGE) &&
		       part.parent != PLI_NONE)
			pli_structure_get_part(at->structure, part.parent,
					       &part);
		if (part.index > 0 || at->layer == PLI_NONE)
			return part;
		*document = pli_layers_get_layer(layers, at->layer)->document;
		index = pli_layers_get_layer(layers, at->layer)->part;
	}
}

/* Who that message says it is from, when all readers find the same one
 * address: of several a signature may be one's, and another be shown. */
static char *
dup_from(const PliLayers *layers, guint32 document, guint32 part)
{
	const PliPart message = get_message(layers, &document, part);
	g_autoptr(PliAddressReader) reader = NULL;
	g_auto(PliBuf) out = {.ceiling = 1024};
	PliDefectSet defects = {0};
	gboolean is_good = TRUE;
	PliAddress address;
	PliItem from;

	if (!pli_structure_find_item(
		    pli_layers_get_document(layers, document)->structure,
		    &message, PLI_ITEM_FROM, &from))
		return NULL;
	reader = pli_address_reader_new(from.value, NULL);
	while (is_good &&
	       pli_address_reader_next(reader, &address) == PLI_STEP_READY)
		if (address.kind == PLI_ADDRESS_MAILBOX)
			is_good = out.len == 0 &&
				  pli_address_format(&address, &out) &&
				  out.len > 0;
	pli_address_reader_get_defects(reader, &defects);
	if (!is_good || out.len == 0 || !pli_defect_set_is_empty(&defects) ||
	    !g_utf8_validate((const char *)out.data, (gssize)out.len, NULL))
		return NULL;
	return pli_buf_steal_string(&out);
}

typedef struct {
	PliLayers *layers;
	PliCrypto *crypto;
	PliContext *context;
	const PliLayersLimits *limits;
	gsize left; /* of limits->total */
} Walk;

static gboolean
add_layer(Walk *walk, const PliLayerOpening *opening, guint32 document,
	  guint32 part, PliLayerKind kind, GError **error)
{
	guint32 depth = pli_layers_get_document(walk->layers, document)->depth;
	g_autoptr(GBytes) octets = NULL;
	PliLayer layer = {.kind = kind, .document = document, .part = part};
	gboolean good;
	gsize len;

	layer.from = dup_from(walk->layers, document, part);
	good = pli_layer_opening_run(opening, &layer, &octets, error);
	if (layer.signatures == NULL)
		layer.signatures = g_ptr_array_new();
	len = octets != NULL ? g_bytes_get_size(octets) : 0;
	if (octets != NULL &&
	    (len > walk->left || depth >= walk->limits->depth)) {
		layer.state = PLI_LAYER_LIMIT;
		layer.problem = g_strdup(depth >= walk->limits->depth
						 ? "too deep inside others"
						 : "too much in all");
		g_clear_pointer(&octets, g_bytes_unref);
	}
	g_array_append_val(walk->layers->layers, layer);
	if (octets != NULL) {
		walk->left -= len;
		add_opened(walk->layers, walk->layers->layers->len - 1,
			   octets);
	}
	return good;
}

static gboolean
walk_document(Walk *walk, guint32 document, GError **error)
{
	/* a copy: the array moves when documents are added */
	const PliLayerDocument at =
		*pli_layers_get_document(walk->layers, document);
	g_auto(PliLeafSources) sources = {.made = NULL};
	const PliLayerOpening opening = {
		.crypto = walk->crypto,
		.context = walk->context,
		.structure = at.structure,
		.sources = &sources,
		.ceiling = walk->limits->octets,
	};
	guint32 n = pli_structure_get_n_parts(at.structure);

	pli_leaf_sources_init(&sources, at.structure, at.source);
	if (pli_structure_get_flags(at.structure) & PLI_STRUCTURE_LIMITED)
		walk->layers->is_limited = TRUE;
	for (guint32 i = 0; i < n; i++) {
		GError *failed = NULL;
		PliLayerKind kind;
		PliPart part;

		pli_structure_get_part(at.structure, i, &part);
		if (!pli_layer_opening_classify(&opening, &part, &kind,
						&failed)) {
			if (failed == NULL)
				continue;
			g_propagate_error(error, failed);
			return FALSE;
		}
		if (walk->layers->layers->len >= walk->limits->layers) {
			walk->layers->is_limited = TRUE;
			return TRUE;
		}
		if (!add_layer(walk, &opening, document, i, kind, error))
			return FALSE;
	}
	return TRUE;
}

PliLayers *
pli_layers_new(PliCrypto *crypto, PliSource *message, PliStructure *structure,
	       const PliLayersLimits *limits, GError **error)
{
	g_autoptr(PliLayers) layers = g_new0(PliLayers, 1);
	g_autoptr(PliContext) context = pli_context_new();
	Walk walk = {layers, crypto, context,
		     limits != NULL ? limits : &pli_layers_limits_default, 0};

	walk.left = walk.limits->total;
	layers->documents =
		g_array_new(FALSE, FALSE, sizeof(PliLayerDocument));
	g_array_set_clear_func(layers->documents, clear_document);
	layers->layers = g_array_new(FALSE, FALSE, sizeof(PliLayer));
	g_array_set_clear_func(layers->layers, clear_layer);
	add_document(layers, message, structure, PLI_NONE, 0);
	for (guint32 i = 0; i < layers->documents->len; i++)
		if (!walk_document(&walk, i, error))
			return NULL;
	return g_steal_pointer(&layers);
}

guint32
pli_layers_find(const PliLayers *layers, guint32 document, guint32 part)
{
	guint32 low = 0, high = layers->layers->len;

	while (low < high) {
		guint32 middle = low + (high - low) / 2;
		const PliLayer *layer = pli_layers_get_layer(layers, middle);

		if (layer->document == document && layer->part == part)
			return middle;
		if (layer->document < document ||
		    (layer->document == document && layer->part < part))
			low = middle + 1;
		else
			high = middle;
	}
	return PLI_NONE;
}

/* Every signature is good, and there is one. */
static gboolean
is_good(const PliLayer *layer, gboolean any_key)
{
	for (guint i = 0; i < layer->signatures->len; i++) {
		const PliCryptoSignature *signature =
			g_ptr_array_index(layer->signatures, i);

		if (signature->verdict > (any_key ? PLI_CRYPTO_UNTRUSTED
						  : PLI_CRYPTO_GOOD))
			return FALSE;
	}
	return layer->state == PLI_LAYER_DONE && layer->signatures->len > 0;
}

gboolean
pli_layers_is_signed(const PliLayers *layers, guint32 document, guint32 index,
		     gboolean any_key)
{
	for (;;) {
		const PliLayerDocument *at =
			pli_layers_get_document(layers, document);
		const PliLayer *holder;
		PliPart part;

		pli_structure_get_part(at->structure, index, &part);
		while (part.parent != PLI_NONE) {
			guint32 around =
				pli_layers_find(layers, document, part.parent);

			if (around != PLI_NONE &&
			    pli_layers_get_layer(layers, around)->covered ==
				    part.index &&
			    is_good(pli_layers_get_layer(layers, around),
				    any_key))
				return TRUE;
			pli_structure_get_part(at->structure, part.parent,
					       &part);
		}
		if (at->layer == PLI_NONE)
			return FALSE;
		holder = pli_layers_get_layer(layers, at->layer);
		if (is_good(holder, any_key))
			return TRUE;
		document = holder->document;
		index = holder->part;
	}
}

gboolean
pli_layers_is_wrapping(const PliLayers *layers, guint32 document,
		       guint32 index)
{
	const PliStructure *structure =
		pli_layers_get_document(layers, document)->structure;
	guint32 found = pli_layers_find(layers, document, index);
	const PliLayer *layer;
	PliPart part;

	if (found != PLI_NONE &&
	    pli_layers_get_layer(layers, found)->opened > 0)
		return TRUE;
	pli_structure_get_part(structure, index, &part);
	if (part.parent == PLI_NONE)
		return FALSE;
	found = pli_layers_find(layers, document, part.parent);
	if (found == PLI_NONE)
		return FALSE;
	layer = pli_layers_get_layer(layers, found);
	return (layer->kind == PLI_LAYER_PGP_ENCRYPTED &&
		layer->state != PLI_LAYER_MALFORMED) ||
	       (layer->covered != PLI_NONE && layer->covered != index);
}

/* The verdict. */

static PliLayersVerdict
judge_signer(const PliLayer *layer, const PliCryptoSignature *signature,
	     PliCryptoMatch wanted)
{
	return layer->from != NULL &&
			       pli_crypto_signature_match(
				       signature, layer->from) >= wanted
		       ? PLI_LAYERS_GOOD
		       : PLI_LAYERS_OTHER_SIGNER;
}

static PliLayersVerdict
judge_signature(const PliLayer *layer, const PliCryptoSignature *signature,
		gboolean any_key)
{
	switch (signature->verdict) {
	case PLI_CRYPTO_GOOD:
		return judge_signer(layer, signature,
				    any_key ? PLI_CRYPTO_MATCH_UNTRUSTED
					    : PLI_CRYPTO_MATCH_FULL);
	case PLI_CRYPTO_UNTRUSTED:
		return any_key ? judge_signer(layer, signature,
					      PLI_CRYPTO_MATCH_UNTRUSTED)
			       : PLI_LAYERS_UNTRUSTED;
	case PLI_CRYPTO_EXPIRED: return PLI_LAYERS_EXPIRED;
	case PLI_CRYPTO_KEY_EXPIRED: return PLI_LAYERS_KEY_EXPIRED;
	case PLI_CRYPTO_KEY_UNKNOWN: return PLI_LAYERS_KEY_UNKNOWN;
	case PLI_CRYPTO_KEY_REVOKED: return PLI_LAYERS_KEY_REVOKED;
	case PLI_CRYPTO_ERROR: return PLI_LAYERS_ERROR;
	case PLI_CRYPTO_BAD: break;
	}
	return PLI_LAYERS_BAD;
}

static PliLayersVerdict
judge_state(const PliLayers *layers, const PliLayer *layer)
{
	switch (layer->state) {
	case PLI_LAYER_DONE: return PLI_LAYERS_GOOD;
	case PLI_LAYER_DAMAGED: return PLI_LAYERS_BAD;
	case PLI_LAYER_MALFORMED: return PLI_LAYERS_ERROR;
	case PLI_LAYER_UNSUPPORTED:
		/* a text that quotes armor is a text */
		return layer->kind == PLI_LAYER_PGP_INLINE &&
				       pli_layers_is_signed(
					       layers, layer->document,
					       layer->part, TRUE)
			       ? PLI_LAYERS_GOOD
			       : PLI_LAYERS_NOT_CHECKED;
	default: return PLI_LAYERS_NOT_CHECKED;
	}
}

/* One layer: of several signers one has to be the one in From. */
static PliLayersVerdict
judge_layer(const PliLayers *layers, const PliLayer *layer, gboolean any_key)
{
	PliLayersVerdict worst = judge_state(layers, layer);
	gboolean has_good = FALSE;

	for (guint i = 0; i < layer->signatures->len; i++) {
		PliLayersVerdict one = judge_signature(
			layer, g_ptr_array_index(layer->signatures, i),
			any_key);

		has_good |= one == PLI_LAYERS_GOOD;
		if (one != PLI_LAYERS_OTHER_SIGNER)
			worst = MAX(worst, one);
	}
	if (layer->signatures->len > 0 && !has_good &&
	    worst < PLI_LAYERS_OTHER_SIGNER)
		worst = PLI_LAYERS_OTHER_SIGNER;
	return worst;
}

/* Of a message that has signatures. */
static PliLayersVerdict
judge_document(const PliLayers *layers, guint32 document)
{
	const PliStructure *structure =
		pli_layers_get_document(layers, document)->structure;
	guint32 n = pli_structure_get_n_parts(structure);

	for (guint32 i = 0; i < n; i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.n_children == 0 &&
		    !pli_layers_is_wrapping(layers, document, i) &&
		    !pli_layers_is_signed(layers, document, i, TRUE))
			return PLI_LAYERS_PARTIAL;
	}
	return pli_structure_get_flags(structure) & PLI_STRUCTURE_AMBIGUOUS
		       ? PLI_LAYERS_AMBIGUOUS
		       : PLI_LAYERS_GOOD;
}

/* Whether the From that a layer is held against is that of the whole, and not
 * of a message inside. */
static gboolean
is_of_whole(const PliLayers *layers, const PliLayer *layer)
{
	guint32 document = layer->document;

	return get_message(layers, &document, layer->part).index == 0;
}

PliLayersVerdict
pli_layers_get_verdict(const PliLayers *layers, gboolean any_key)
{
	PliLayersVerdict verdict = layers->is_limited ? PLI_LAYERS_NOT_CHECKED
						      : PLI_LAYERS_GOOD;
	gboolean has_signature = FALSE, has_own = FALSE;

	for (guint32 i = 0; i < layers->layers->len; i++) {
		const PliLayer *layer = pli_layers_get_layer(layers, i);
		PliLayersVerdict one = judge_layer(layers, layer, any_key);

		verdict = MAX(verdict, one);
		has_signature |= layer->signatures->len > 0;
		has_own |= layer->signatures->len > 0 &&
			   is_of_whole(layers, layer);
	}
	if (!has_signature)
		return MAX(verdict, PLI_LAYERS_UNSIGNED);
	if (!has_own)
		verdict = MAX(verdict, PLI_LAYERS_OTHER_SIGNER);
	for (guint32 i = 0; i < layers->documents->len; i++)
		verdict = MAX(verdict, judge_document(layers, i));
	return verdict;
}

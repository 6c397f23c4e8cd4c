/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One part that signs or seals: what it is, and what comes out. */
#include "engine/gmime/layers-priv.h"

#include "engine/decoder.h"
#include "engine/param.h"

/* How far armor is looked for in a text. */
#define ARMOR_WITHIN (64 * 1024)

/* Content types of CMS (RFC 5652 3), as DER writes them. */
static const guint8 oid_signed[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				    0xf7, 0x0d, 0x01, 0x07, 0x02};
static const guint8 oid_enveloped[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x07, 0x03};
static const guint8 oid_auth_enveloped[] = {0x06, 0x0b, 0x2a, 0x86, 0x48,
					    0x86, 0xf7, 0x0d, 0x01, 0x09,
					    0x10, 0x01, 0x17};

static gboolean
fail(PliLayer *layer, PliLayerState state, const char *problem)
{
	layer->state = state;
	g_free(layer->problem);
	layer->problem = g_strdup(problem);
	return TRUE;
}

/* Of a call into crypto.h: FALSE only when the document cannot be read. */
static gboolean
fail_by(PliLayer *layer, GError *failed, GError **error)
{
	PliLayerState state = PLI_LAYER_FAILED;

	if (failed->domain == PLI_CRYPTO_FAILED) {
		if (failed->code == PLI_CRYPTO_FAILED_NO_KEY)
			state = PLI_LAYER_NO_KEY;
		else if (failed->code == PLI_CRYPTO_FAILED_DAMAGED)
			state = PLI_LAYER_DAMAGED;
		else if (failed->code == PLI_CRYPTO_FAILED_LIMIT)
			state = PLI_LAYER_LIMIT;
	} else if (g_error_matches(failed, G_FILE_ERROR,
				   G_FILE_ERROR_NOSPC)) {
		state = PLI_LAYER_LIMIT;
	} else {
		g_propagate_error(error, failed);
		return FALSE;
	}
	fail(layer, state, failed->message);
	g_error_free(failed);
	return TRUE;
}

static gboolean
is_smime_type(const PliStructure *structure, const PliPart *part,
	      const char *name)
{
	g_autofree char *old = g_strconcat("x-", name, NULL);

	return pli_structure_is_type(structure, part, "application", name) ||
	       pli_structure_is_type(structure, part, "application", old);
}

static void
get_child(const PliStructure *structure, const PliPart *part, guint32 n,
	  PliPart *ret_child)
{
	pli_structure_get_part(structure,
			       pli_structure_get_child(structure, part, n),
			       ret_child);
}

/* The first octets of a leaf, decoded; fewer when it has fewer. */
static GBytes *
read_head(const PliLayerOpening *opening, const PliPart *part, guint64 max,
	  GError **error)
{
	PliSpan span = part->body;
	g_autoptr(GBytes) head = NULL;
	PliDecoder decoder;
	PliSlice octets;
	guint8 *out;
	gsize n;

	span.length = MIN(span.length, max);
	head = pli_leaf_read_span(opening->sources, &span, max, error);
	if (head == NULL)
		return NULL;
	octets = pli_slice_from_bytes(head);
	pli_decoder_init(&decoder, part->encoding);
	out = g_malloc(pli_decoder_get_bound(&decoder, octets.len) +
		       sizeof decoder.held);
	n = pli_decoder_feed(&decoder, octets, out);
	n += pli_decoder_finish(&decoder, out + n);
	return g_bytes_new_take(out, n);
}

/* A sequence, its length in any form, and what type it says it is: for a
 * label may say otherwise, and old programs write none. */
static PliLayerKind
classify_cms(PliSlice head)
{
	gsize at = 2;

	if (head.len < 2 || head.data[0] != 0x30)
		return PLI_LAYER_SMIME_OTHER;
	if (head.data[1] > 0x80)
		at += head.data[1] & 0x7f;
	if (at > head.len)
		return PLI_LAYER_SMIME_OTHER;
	head = pli_slice_skip(head, at);
	if (head.len >= sizeof oid_signed &&
	    memcmp(head.data, oid_signed, sizeof oid_signed) == 0)
		return PLI_LAYER_SMIME_OPAQUE;
	if (head.len >= sizeof oid_enveloped &&
	    memcmp(head.data, oid_enveloped, sizeof oid_enveloped) == 0)
		return PLI_LAYER_SMIME_ENCRYPTED;
	if (head.len >= sizeof oid_auth_enveloped &&
	    memcmp(head.data, oid_auth_enveloped,
		   sizeof oid_auth_enveloped) == 0)
		return PLI_LAYER_SMIME_ENCRYPTED;
	return PLI_LAYER_SMIME_OTHER;
}

/* RFC 8551 3.2.1: other types by the name of the file. */
static gboolean
is_cms(const PliLayerOpening *opening, const PliPart *part)
{
	g_autofree char *name = NULL;
	PliSlice value;
	gsize len;

	if (is_smime_type(opening->structure, part, "pkcs7-mime"))
		return !(pli_structure_find_param(
				 opening->structure, part, PLI_ITEM_TYPE_PARAM,
				 "smime-type", &value) &&
			 pli_slice_is(value, "certs-only"));
	if (!pli_structure_is_type(opening->structure, part, "application",
				   "octet-stream"))
		return FALSE;
	name = pli_param_decode_filename(opening->context, opening->structure,
					 part, NULL);
	len = name != NULL ? strlen(name) : 0;
	return len > 4 && g_ascii_strcasecmp(name + len - 4, ".p7m") == 0;
}

/* A line of armor that begins what gpg would read (RFC 4880 6.2, 7). */
static gboolean
has_armor(PliSlice text)
{
	PliSlice line;

	while (pli_slice_take_line(&text, &line)) {
		line = pli_slice_trim(line);
		if (pli_slice_is(line, "-----BEGIN PGP SIGNED MESSAGE-----") ||
		    pli_slice_is(line, "-----BEGIN PGP MESSAGE-----"))
			return TRUE;
	}
	return FALSE;
}

static gboolean
classify_leaf(const PliLayerOpening *opening, const PliPart *part,
	      PliLayerKind *ret_kind, GError **error)
{
	gboolean cms = is_cms(opening, part);
	g_autoptr(GBytes) head = NULL;
	PliSlice type, subtype, octets;

	pli_structure_get_type(opening->structure, part, &type, &subtype);
	if (!cms && !pli_slice_is(type, "text"))
		return FALSE;
	head = read_head(opening, part, cms ? 256 : ARMOR_WITHIN, error);
	if (head == NULL)
		return FALSE;
	octets = pli_slice_from_bytes(head);
	*ret_kind = cms ? classify_cms(octets) : PLI_LAYER_PGP_INLINE;
	return cms || has_armor(octets);
}

/* By the label and by the second part, which must not contradict it. */
static PliLayerKind
classify_multipart(const PliStructure *structure, const PliPart *part,
		   gboolean is_signed)
{
	PliSlice protocol;
	PliPart second;
	gboolean has = pli_structure_find_param(structure, part,
						PLI_ITEM_TYPE_PARAM,
						"protocol", &protocol);

	if (!is_signed)
		return !has || pli_slice_is(protocol,
					    "application/pgp-encrypted")
			       ? PLI_LAYER_PGP_ENCRYPTED
			       : PLI_LAYER_OTHER;
	if (has && pli_slice_is(protocol, "application/pgp-signature"))
		return PLI_LAYER_PGP_SIGNED;
	if (has && (pli_slice_is(protocol, "application/pkcs7-signature") ||
		    pli_slice_is(protocol, "application/x-pkcs7-signature")))
		return PLI_LAYER_SMIME_SIGNED;
	if (has || part->n_children < 2)
		return PLI_LAYER_OTHER;
	get_child(structure, part, 1, &second);
	if (pli_structure_is_type(structure, &second, "application",
				  "pgp-signature"))
		return PLI_LAYER_PGP_SIGNED;
	return is_smime_type(structure, &second, "pkcs7-signature")
		       ? PLI_LAYER_SMIME_SIGNED
		       : PLI_LAYER_OTHER;
}

gboolean
pli_layer_opening_classify(const PliLayerOpening *opening, const PliPart *part,
			   PliLayerKind *ret_kind, GError **error)
{
	const PliStructure *structure = opening->structure;
	gboolean is_signed =
		pli_structure_is_type(structure, part, "multipart", "signed");

	if (part->flags & PLI_PART_SYNTHETIC)
		return FALSE;
	if (part->kind == PLI_PART_LEAF && !(part->flags & PLI_PART_OPAQUE))
		return classify_leaf(opening, part, ret_kind, error);
	if (!is_signed && !pli_structure_is_type(structure, part, "multipart",
						 "encrypted"))
		return FALSE;
	*ret_kind = classify_multipart(structure, part, is_signed);
	return TRUE;
}

/* RFC 1847 2.1: two parts, the second a signature of the kind announced. */
static gboolean
open_signed(const PliLayerOpening *opening, PliLayer *layer,
	    const PliPart *part, GError **error)
{
	const PliStructure *structure = opening->structure;
	gboolean is_pgp = layer->kind == PLI_LAYER_PGP_SIGNED;
	g_autoptr(GBytes) signature = NULL;
	GError *failed = NULL;
	PliPart first, second;
	PliSpan span;
	PliSlice octets;

	if (part->n_children != 2 || !(part->flags & PLI_PART_CLOSED))
		return fail(layer, PLI_LAYER_MALFORMED,
			    part->n_children != 2
				    ? "multipart/signed has not two parts"
				    : "multipart/signed is not closed");
	get_child(structure, part, 0, &first);
	get_child(structure, part, 1, &second);
	if ((first.flags | second.flags) & PLI_PART_SYNTHETIC ||
	    second.kind != PLI_PART_LEAF ||
	    !(is_pgp ? pli_structure_is_type(structure, &second, "application",
					     "pgp-signature")
		     : is_smime_type(structure, &second, "pkcs7-signature")))
		return fail(layer, PLI_LAYER_MALFORMED,
			    "the second part is not the signature that "
			    "multipart/signed announces");
	signature = pli_leaf_read(opening->sources, second.index,
				  opening->ceiling, &failed);
	if (signature == NULL)
		return fail_by(layer, failed, error);
	span = pli_leaf_get_span(&first);
	octets = pli_slice_from_bytes(signature);
	layer->covered = first.index;
	layer->signatures = pli_crypto_verify(
		opening->crypto, is_pgp ? PLI_CRYPTO_PGP : PLI_CRYPTO_SMIME,
		pli_leaf_sources_get(opening->sources, span.source),
		span.offset, span.length, octets, &failed);
	return layer->signatures != NULL || fail_by(layer, failed, error);
}

static gboolean
open_sealed(const PliLayerOpening *opening, PliLayer *layer, guint32 part,
	 PliCryptoProtocol protocol, GBytes **ret_octets, GError **error)
{
	GError *failed = NULL;
	g_autoptr(GBytes) sealed =
		pli_leaf_read(opening->sources, part, opening->ceiling,
			      &failed);
	PliSlice octets;

	if (sealed == NULL)
		return fail_by(layer, failed, error);
	octets = pli_slice_from_bytes(sealed);
	if (layer->kind == PLI_LAYER_SMIME_OPAQUE)
		layer->signatures = pli_crypto_verify_opaque(
			opening->crypto, octets, ret_octets, &failed);
	else
		*ret_octets = pli_crypto_decrypt(opening->crypto, protocol,
						 octets, &layer->signatures,
						 &failed);
	return failed == NULL || fail_by(layer, failed, error);
}

/* RFC 3156 4: a part that says the version, and the sealed one. */
static gboolean
open_encrypted(const PliLayerOpening *opening, PliLayer *layer,
	       const PliPart *part, GBytes **ret_octets, GError **error)
{
	PliPart first, second;

	if (part->n_children != 2)
		return fail(layer, PLI_LAYER_MALFORMED,
			    "multipart/encrypted has not two parts");
	get_child(opening->structure, part, 0, &first);
	get_child(opening->structure, part, 1, &second);
	if (!pli_structure_is_type(opening->structure, &first, "application",
				   "pgp-encrypted") ||
	    second.kind != PLI_PART_LEAF ||
	    (first.flags | second.flags) & PLI_PART_SYNTHETIC)
		return fail(layer, PLI_LAYER_MALFORMED,
			    "multipart/encrypted has not the parts of "
			    "PGP/MIME");
	return open_sealed(opening, layer, second.index, PLI_CRYPTO_PGP,
			ret_octets, error);
}

gboolean
pli_layer_opening_run(const PliLayerOpening *opening, PliLayer *layer,
		      GBytes **ret_octets, GError **error)
{
	PliPart part;

	*ret_octets = NULL;
	layer->state = PLI_LAYER_DONE;
	layer->covered = PLI_NONE;
	pli_structure_get_part(opening->structure, layer->part, &part);
	switch (layer->kind) {
	case PLI_LAYER_PGP_SIGNED:
	case PLI_LAYER_SMIME_SIGNED:
		return open_signed(opening, layer, &part, error);
	case PLI_LAYER_PGP_ENCRYPTED:
		return open_encrypted(opening, layer, &part, ret_octets,
				      error);
	case PLI_LAYER_SMIME_OPAQUE:
	case PLI_LAYER_SMIME_ENCRYPTED:
		return open_sealed(opening, layer, part.index, PLI_CRYPTO_SMIME,
				ret_octets, error);
	case PLI_LAYER_PGP_INLINE:
		return fail(layer, PLI_LAYER_UNSUPPORTED,
			    "OpenPGP inside a text is not opened: nothing "
			    "says which octets it is about");
	case PLI_LAYER_SMIME_OTHER:
		return fail(layer, PLI_LAYER_UNSUPPORTED,
			    "neither signed-data nor enveloped-data");
	case PLI_LAYER_OTHER: break;
	}
	return fail(layer, PLI_LAYER_UNSUPPORTED,
		    "a protocol that is neither OpenPGP nor S/MIME");
}

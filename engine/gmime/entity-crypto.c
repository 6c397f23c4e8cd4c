/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entities that sign and seal others. */
#include "engine/gmime/entity.h"

static PliHeaderWriterParam
get_param(const char *name, const char *value)
{
	return (PliHeaderWriterParam){pli_slice_from_string(name),
				      pli_slice_from_string(value)};
}

/* Armor is 7bit text with LF; what is not text is encoded as it comes. */
static GBytes *
new_crypto_leaf(const PliEntityWriter *writer, PliCryptoProtocol protocol,
		const char *type, const char *filename, GBytes *octets,
		GError **error)
{
	PliEntityLeaf leaf = {.type = type,
			      .octets = pli_slice_from_bytes(octets),
			      .is_text = protocol == PLI_CRYPTO_PGP,
			      .filename = filename};

	return pli_entity_new_leaf(writer, &leaf, error);
}

GBytes *
pli_entity_sign(PliEntityWriter *writer, PliCrypto *crypto,
		PliCryptoProtocol protocol, GBytes *entity, const char *signer,
		GError **error)
{
	gboolean is_pgp = protocol == PLI_CRYPTO_PGP;
	const char *type = is_pgp ? "application/pgp-signature"
				  : "application/pkcs7-signature";
	const char *micalg;
	g_autoptr(GBytes) octets =
		pli_crypto_sign(crypto, protocol, pli_slice_from_bytes(entity),
				signer, FALSE, &micalg, error);
	g_autoptr(GBytes) signature = NULL;
	PliHeaderWriterParam params[2];

	if (octets == NULL)
		return NULL;
	signature = new_crypto_leaf(writer, protocol, type,
				    is_pgp ? "signature.asc" : "smime.p7s",
				    octets, error);
	if (signature == NULL)
		return NULL;
	params[0] = get_param("protocol", type);
	params[1] = get_param("micalg", micalg);
	return pli_entity_new_multipart(writer, "signed", params, 2,
					(GBytes *[]){entity, signature}, 2,
					error);
}

/* RFC 8551 3.3: one leaf. */
static GBytes *
new_enveloped(const PliEntityWriter *writer, GBytes *octets, GError **error)
{
	const PliHeaderWriterParam param =
		get_param("smime-type", "enveloped-data");
	const PliEntityLeaf leaf = {.type = "application/pkcs7-mime",
				    .param = &param,
				    .octets = pli_slice_from_bytes(octets),
				    .filename = "smime.p7m"};

	return pli_entity_new_leaf(writer, &leaf, error);
}

GBytes *
pli_entity_encrypt(PliEntityWriter *writer, PliCrypto *crypto,
		   PliCryptoProtocol protocol, GBytes *entity,
		   char *const *recipients, GError **error)
{
	g_autoptr(GBytes) octets = pli_crypto_encrypt(
		crypto, protocol, pli_slice_from_bytes(entity), recipients,
		NULL, error);
	g_autoptr(GBytes) version = NULL, sealed = NULL;
	const PliEntityLeaf control = {
		.type = "application/pgp-encrypted",
		.octets = PLI_SLICE_LITERAL("Version: 1\r\n"),
		.is_text = TRUE,
	};
	PliHeaderWriterParam param;

	if (octets == NULL)
		return NULL;
	if (protocol == PLI_CRYPTO_SMIME)
		return new_enveloped(writer, octets, error);
	version = pli_entity_new_leaf(writer, &control, error);
	if (version == NULL)
		return NULL;
	sealed = new_crypto_leaf(writer, protocol, "application/octet-stream",
				 "encrypted.asc", octets, error);
	if (sealed == NULL)
		return NULL;
	param = get_param("protocol", "application/pgp-encrypted");
	return pli_entity_new_multipart(writer, "encrypted", &param, 1,
					(GBytes *[]){version, sealed}, 2,
					error);
}

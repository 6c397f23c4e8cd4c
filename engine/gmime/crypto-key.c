/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/crypto-key-priv.h"

#include <gpgme.h>

/* Of one key; gpg itself has no limit, and a key may come from anywhere. */
#define MAX_ADDRESSES 256

static void
clear_address(gpointer address)
{
	g_free(((PliCryptoAddress *)address)->address);
}

/* "<a@b>" in a certificate, "a@b" in an OpenPGP user id. */
static char *
dup_address(const gpgme_user_id_t uid)
{
	const char *text = uid->email != NULL && *uid->email != '\0'
				   ? uid->email
				   : uid->address;
	gsize len = text != NULL ? strlen(text) : 0;

	if (len > 2 && text[0] == '<' && text[len - 1] == '>')
		return g_strndup(text + 1, len - 2);
	return len > 0 ? g_strdup(text) : NULL;
}

static void
add_addresses(gpgme_key_t key, gboolean is_trusted,
	      PliCryptoSignature *signature)
{
	for (gpgme_user_id_t uid = key->uids;
	     uid != NULL && signature->addresses->len < MAX_ADDRESSES;
	     uid = uid->next) {
		PliCryptoAddress address = {
			.is_trusted = is_trusted ||
				      uid->validity >= GPGME_VALIDITY_FULL,
		};

		if (uid->revoked || uid->invalid)
			continue;
		address.address = dup_address(uid);
		if (address.address != NULL &&
		    g_utf8_validate(address.address, -1, NULL))
			g_array_append_val(signature->addresses, address);
		else
			clear_address(&address);
	}
}

void
pli_crypto_key_describe(PliCryptoProtocol protocol,
			PliCryptoSignature *signature)
{
	gpgme_ctx_t ctx;
	gpgme_key_t key;

	signature->addresses =
		g_array_new(FALSE, FALSE, sizeof(PliCryptoAddress));
	g_array_set_clear_func(signature->addresses, clear_address);
	if (signature->fingerprint == NULL || gpgme_new(&ctx) != 0)
		return;
	gpgme_set_protocol(ctx, protocol == PLI_CRYPTO_PGP
					? GPGME_PROTOCOL_OpenPGP
					: GPGME_PROTOCOL_CMS);
	gpgme_set_offline(ctx, 1);
	if (gpgme_get_key(ctx, signature->fingerprint, &key, 0) == 0) {
		signature->primary = g_strdup(key->fpr);
		add_addresses(key,
			      protocol == PLI_CRYPTO_SMIME &&
				      signature->verdict == PLI_CRYPTO_GOOD,
			      signature);
		gpgme_key_unref(key);
	}
	gpgme_release(ctx);
	if (signature->email == NULL && signature->addresses->len > 0)
		signature->email = g_strdup(
			g_array_index(signature->addresses, PliCryptoAddress,
				      0)
				.address);
}

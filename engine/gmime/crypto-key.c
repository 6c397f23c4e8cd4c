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

/* An OpenPGP user id is a name and an address; one of a certificate is "<a@b>"
 * or the subject, whose name may say anything, "<c@d>" too. */
static char *
dup_address(PliCryptoProtocol protocol, const gpgme_user_id_t uid)
{
	const char *text = uid->email != NULL && *uid->email != '\0'
				   ? uid->email
				   : uid->address;
	gsize len;

	if (protocol == PLI_CRYPTO_SMIME)
		text = uid->uid != NULL && *uid->uid == '<' ? uid->uid : NULL;
	len = text != NULL ? strlen(text) : 0;
	if (len > 2 && text[0] == '<' && text[len - 1] == '>')
		return g_strndup(text + 1, len - 2);
	return len > 0 ? g_strdup(text) : NULL;
}

static void
add_addresses(gpgme_key_t key, PliCryptoProtocol protocol,
	      gboolean is_trusted, PliCryptoSignature *signature)
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
		address.address = dup_address(protocol, uid);
		if (address.address != NULL &&
		    g_utf8_validate(address.address, -1, NULL))
			g_array_append_val(signature->addresses, address);
		else
			clear_address(&address);
	}
}

static gpgme_ctx_t
new_context(PliCryptoProtocol protocol)
{
	gpgme_ctx_t ctx;

	if (gpgme_new(&ctx) != 0)
		return NULL;
	gpgme_set_protocol(ctx, protocol == PLI_CRYPTO_PGP
					? GPGME_PROTOCOL_OpenPGP
					: GPGME_PROTOCOL_CMS);
	gpgme_set_offline(ctx, 1);
	return ctx;
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
	ctx = signature->fingerprint != NULL ? new_context(protocol) : NULL;
	if (ctx == NULL)
		return;
	if (gpgme_get_key(ctx, signature->fingerprint, &key, 0) == 0) {
		signature->primary = g_strdup(key->fpr);
		add_addresses(key, protocol,
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

char *
pli_crypto_key_dup_pattern(const char *name)
{
	return strchr(name, '@') != NULL && strpbrk(name, "<> ") == NULL
		       ? g_strdup_printf("<%s>", name)
		       : g_strdup(name);
}

static gboolean
has_address(gpgme_key_t key, PliCryptoProtocol protocol, const char *wanted,
	    gboolean any_key)
{
	gboolean has = FALSE;

	for (gpgme_user_id_t uid = key->uids; uid != NULL && !has;
	     uid = uid->next) {
		g_autofree char *address = dup_address(protocol, uid);

		has = address != NULL && !uid->revoked && !uid->invalid &&
		      g_ascii_strcasecmp(address, wanted) == 0 &&
		      (any_key || protocol == PLI_CRYPTO_SMIME ||
		       uid->validity >= GPGME_VALIDITY_FULL);
	}
	return has;
}

char *
pli_crypto_key_find(PliCryptoProtocol protocol, const char *address,
		    gboolean any_key)
{
	g_autofree char *pattern = pli_crypto_key_dup_pattern(address);
	gpgme_ctx_t ctx = new_context(protocol);
	char *found = NULL;
	gpgme_key_t key;

	if (ctx == NULL)
		return NULL;
	if (gpgme_op_keylist_start(ctx, pattern, 0) == 0) {
		while (found == NULL &&
		       gpgme_op_keylist_next(ctx, &key) == 0) {
			if (key->can_encrypt && !key->revoked &&
			    !key->expired && !key->disabled && !key->invalid &&
			    has_address(key, protocol, address, any_key))
				found = g_strdup(key->fpr);
			gpgme_key_unref(key);
		}
		gpgme_op_keylist_end(ctx);
	}
	gpgme_release(ctx);
	return found;
}

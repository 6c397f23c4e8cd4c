/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verification.h"

#include "cli/errand.h"
#include "cli/served-copy.h"

PliVerification *
pli_verification_new(const PliCryptoOptions *options,
		     const PliMessage *message, GError **error)
{
	g_autoptr(PliCrypto) crypto = pli_crypto_options_new_crypto(options);
	g_autoptr(PliServedCopy) copy = pli_served_copy_new(message, error);
	PliLayers *layers = NULL;
	PliVerification *verification;

	if (copy != NULL)
		layers = pli_layers_new(crypto, copy->source, copy->structure,
					NULL, error);
	pli_errand_end_limit();
	if (layers == NULL)
		return NULL;
	verification = g_new(PliVerification, 1);
	verification->layers = layers;
	verification->any_key = options->any_key;
	verification->checked = g_get_real_time() / G_USEC_PER_SEC;
	verification->verdict =
		pli_layers_get_verdict(layers, options->any_key);
	return verification;
}

void
pli_verification_free(PliVerification *verification)
{
	if (verification == NULL)
		return;
	pli_layers_free(verification->layers);
	g_free(verification);
}

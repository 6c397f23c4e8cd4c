/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is signed and sealed in a message, and when that was looked at: facts
 * of a day, for keys expire and are revoked.
 */
#ifndef PLI_CLI_VERIFICATION_H
#define PLI_CLI_VERIFICATION_H

#include "cli/crypto-options.h"
#include "cli/message.h"
#include "engine/gmime/layers.h"

typedef struct {
	PliLayers *layers;
	gboolean any_key;
	gint64 checked; /* seconds since 1970 */
	PliLayersVerdict verdict;
} PliVerification;

/* Runs gpg and gpgsm: made inside an errand (cli/errand.h), whose time limit
 * is at its end then. NULL when the message cannot be read. */
PliVerification *pli_verification_new(const PliCryptoOptions *options,
				      const PliMessage *message,
				      GError **error);

void pli_verification_free(PliVerification *verification);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliVerification, pli_verification_free)

#endif

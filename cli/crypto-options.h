/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of all commands that run gpg and gpgsm.
 */
#ifndef PLI_CLI_CRYPTO_OPTIONS_H
#define PLI_CLI_CRYPTO_OPTIONS_H

#include "cli/command.h"
#include "engine/gmime/crypto.h"

typedef struct {
	char *home; /* GNUPGHOME */
	gboolean is_online;
	gboolean any_key;
	gint seconds; /* for one message */
} PliCryptoOptions;

#define PLI_CRYPTO_OPTIONS_SECONDS 60

/* Entries for a GOptionEntry array. */
#define PLI_CRYPTO_OPTIONS_ENTRIES(o)                                          \
	{"home", 0, 0, G_OPTION_ARG_FILENAME, &(o)->home, NULL, NULL},         \
		{"online", 0, 0, G_OPTION_ARG_NONE, &(o)->is_online, NULL,     \
		 NULL},                                                        \
		{"any-key", 0, 0, G_OPTION_ARG_NONE, &(o)->any_key, NULL,      \
		 NULL},                                                        \
	{                                                                      \
		"time-limit", 0, 0, G_OPTION_ARG_INT, &(o)->seconds, NULL,     \
			NULL                                                   \
	}

/* What `pli help` says of them. */
#define PLI_CRYPTO_OPTIONS_HELP                                                \
	"  --home DIR          keys are there, and not where GNUPGHOME "       \
	"says\n"                                                               \
	"  --any-key           a key need not be trusted\n"                    \
	"  --online            keys and revocation lists may be fetched\n"     \
	"  --time-limit N      seconds for one message, 60 unless given\n"

/* Checks them and sets GNUPGHOME, while there is one thread. FALSE: *ret_status
 * is the command's, with a message printed. */
gboolean pli_crypto_options_apply(const PliCryptoOptions *options,
				  const PliCommand *command, int *ret_status);

void pli_crypto_options_clear(PliCryptoOptions *options);

/* Starts GMime, which must not be before a fork. */
PliCrypto *pli_crypto_options_new_crypto(const PliCryptoOptions *options);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/crypto-options.h"

#include <gmime/gmime.h>
#include <sysexits.h>

#include "cli/terminal.h"
#include "engine/gmime/layers.h"

gboolean
pli_crypto_options_apply(const PliCryptoOptions *options,
			 const PliCommand *command, int *ret_status)
{
	if (options->seconds < 1 || options->seconds > 24 * 60 * 60) {
		*ret_status = pli_command_format_usage(
			command, "--time-limit is 1 to 86400 seconds, not %d",
			options->seconds);
		return FALSE;
	}
	if (options->home == NULL)
		return TRUE;
	if (!g_file_test(options->home, G_FILE_TEST_IS_DIR)) {
		pli_terminal_add_error(options->home,
				       "a folder with keys is expected");
		*ret_status = EX_NOINPUT;
		return FALSE;
	}
	g_setenv("GNUPGHOME", options->home, TRUE);
	return TRUE;
}

void
pli_crypto_options_clear(PliCryptoOptions *options)
{
	g_clear_pointer(&options->home, g_free);
}

PliCrypto *
pli_crypto_options_new_crypto(const PliCryptoOptions *options)
{
	PliCryptoFlags flags = PLI_CRYPTO_OFFLINE;

	if (options->is_online)
		flags |= PLI_CRYPTO_ONLINE;
	if (options->any_key)
		flags |= PLI_CRYPTO_ANY_KEY;
	g_mime_init();
	return pli_crypto_new(flags, pli_layers_limits_default.octets);
}

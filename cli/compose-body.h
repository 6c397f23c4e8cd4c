/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message out of what it is to be composed of: files are read, parts put
 * together, signed and sealed.
 */
#ifndef PLI_CLI_COMPOSE_BODY_H
#define PLI_CLI_COMPOSE_BODY_H

#include "cli/compose-input.h"

/* `crypto` is NULL when nothing is signed or sealed. `input` has date,
 * Message-ID and seed; what a reply takes is filled in. NULL with *error. */
GBytes *pli_compose_body_new_message(PliComposeInput *input,
				     PliCrypto *crypto, GError **error);

#endif

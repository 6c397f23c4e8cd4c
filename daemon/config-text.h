/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration as text: every key with its explanation and default, or
 * with the value that it has.
 *
 * The text is a configuration file that can be read again; in JSON it is an
 * object a line, a key each. Secrets are shown as set or not, never as what
 * they are.
 */
#ifndef PLI_DAEMON_CONFIG_TEXT_H
#define PLI_DAEMON_CONFIG_TEXT_H

#include "daemon/config.h"

typedef enum {
	PLI_CONFIG_FORM_FILE,
	PLI_CONFIG_FORM_JSON,
} PliConfigForm;

/* Every key, as a comment with its default, but for those that must be given:
 * these have an example. To be freed. */
char *
pli_config_format_default(PliConfigForm form);

/* Every key with its value and, as a comment, the line where that was set, or
 * that it is the default. To be freed. */
char *
pli_config_format_values(const PliConfig *config, PliConfigForm form);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is signed and sealed in a message, for people and for programs:
 * doc/json-tree.md says what is in the object.
 */
#ifndef PLI_CLI_LAYERS_REPORT_H
#define PLI_CLI_LAYERS_REPORT_H

#include "cli/json.h"
#include "cli/terminal.h"
#include "cli/verification.h"

/* Members of an object that is open. */
void pli_layers_report_add(PliJson *json, const PliVerification *verification);

/* Lines to standard output, each after two blanks. */
void pli_layers_report_format(const PliTerminal *terminal,
			      const PliVerification *verification);

#endif

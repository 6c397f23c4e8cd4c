/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of a message as `pli tree` draws it for people.
 */
#ifndef PLI_CLI_TREE_TEXT_H
#define PLI_CLI_TREE_TEXT_H

#include "cli/other-readings.h"
#include "cli/terminal.h"

/* Writes to standard output. `others` is NULL when they are not wanted. */
void pli_tree_text_format(const PliTerminal *terminal, PliContext *context,
			  const PliMessage *message, const PliReading *reading,
			  const PliOtherReadings *others);

#endif

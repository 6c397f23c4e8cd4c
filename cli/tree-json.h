/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The object `pli tree --json` prints for a message: doc/json-tree.md.
 */
#ifndef PLI_CLI_TREE_JSON_H
#define PLI_CLI_TREE_JSON_H

#include "cli/json.h"
#include "cli/other-readings.h"
#include "cli/verification.h"

/* `others` is NULL when they are not wanted. */
void pli_tree_json_add_message(PliJson *json, PliContext *context,
			       const PliMessage *message,
			       const PliReading *reading,
			       const PliOtherReadings *others,
			  const PliVerification *verification);

#endif

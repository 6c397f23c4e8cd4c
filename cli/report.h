/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the JSON objects of all commands share: doc/json-tree.md.
 */
#ifndef PLI_CLI_REPORT_H
#define PLI_CLI_REPORT_H

#include "cli/json.h"
#include "cli/reading.h"

/* Changes when a member changes its meaning or goes, not when one is added. */
#define PLI_REPORT_SCHEMA 1

/* "schema", "file" and, in an mbox, "offset" and "number"; the object is open
 * and stays so. */
void pli_report_add_origin(PliJson *json, const PliMessage *message);

/* Every defect there can be, an object a line. */
void pli_report_add_catalogue(PliJson *json);

/* "@12+34", or "@1:12+34" in source 1. The caller frees it. */
char *pli_report_dup_span(const PliSpan *span);

/* "defects": [...] */
void pli_report_add_defects(PliJson *json, const PliReading *reading);

#endif

/* The actions of DynamoDB that IAM knows: "dynamodb:GetItem" and so on, sorted. */
#pragma once

#include "proto/base/ensure.h"

extern const char *const policy_actions[];
extern const size_t policy_actions_count;

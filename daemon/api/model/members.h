/* How the generated tables spell a member. */
#pragma once

#define MEMBER(member, its_shape)                                                                  \
    {                                                                                              \
        .name = (member), .name_size = sizeof(member) - 1, .shape = (its_shape)                    \
    }
#define REQUIRED(member, its_shape)                                                                \
    {                                                                                              \
        .name = (member), .name_size = sizeof(member) - 1, .shape = (its_shape), .required = true  \
    }
#define LEGACY(member, its_shape)                                                                  \
    {                                                                                              \
        .name = (member), .name_size = sizeof(member) - 1, .shape = (its_shape),                   \
        .role = ROLE_LEGACY                                                                        \
    }
#define EXPRESSION(member, its_shape)                                                              \
    {                                                                                              \
        .name = (member), .name_size = sizeof(member) - 1, .shape = (its_shape),                   \
        .role = ROLE_EXPRESSION                                                                    \
    }
#define MEMBERS(array, places)                                                                     \
    .members = (array), .members_count = ARRAY_COUNT(array), .slots = (places),                    \
    .slots_count = ARRAY_COUNT(places)

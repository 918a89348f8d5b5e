/** The table of the simulated cloud, in memory or in DynamoDB Local. */
@NullMarked
package dev.amikeeper.local.dynamodb;

import org.jspecify.annotations.NullMarked;

/** Accounts as large as EC2 allows, made while they are read. */
@NullMarked
package dev.amikeeper.scale;

import org.jspecify.annotations.NullMarked;

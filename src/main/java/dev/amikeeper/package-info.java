/** AMI Keeper: builds its objects once and answers Lambda. */
@NullMarked
package dev.amikeeper;

import org.jspecify.annotations.NullMarked;

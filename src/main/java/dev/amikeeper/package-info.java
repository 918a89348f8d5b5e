/** AMI Keeper: builds its objects once and responds to Lambda. */
@NullMarked
package dev.amikeeper;

import org.jspecify.annotations.NullMarked;

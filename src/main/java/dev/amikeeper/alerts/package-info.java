/** What people are told: troubles and their ends, once per cause. */
@NullMarked
package dev.amikeeper.alerts;

import org.jspecify.annotations.NullMarked;

package dev.amikeeper.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.Application;
import dev.amikeeper.local.LocalDeployment;

import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvocationType;

/** Calls functions as EventBridge does: asynchronously and with retries. */
interface Functions {
    /** The functions of the account. */
    Functions OF_THE_ACCOUNT =
            (arn, event) -> {
                try (LambdaClient lambda =
                        LambdaClient.builder().httpClient(Application.httpClient()).build()) {
                    lambda.invoke(invoke ->
                            invoke.functionName(arn)
                                    .invocationType(InvocationType.EVENT)
                                    .payload(SdkBytes.fromUtf8String(event)));
                }
            };

    /**
     * Calls a function by its ARN with an event in JSON.
     *
     * @throws SdkException if Lambda does not accept it
     */
    void invoke(String arn, String event);

    /** Returns the functions of a deployment on an embedded cloud. */
    static Functions of(LocalDeployment deployment) {
        JsonMapper json = JsonMapper.builder().build();
        return (arn, event) -> {
            try {
                deployment.invoke(arn, json.readValue(event, new TypeReference<>() {}));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("an event is JSON", e);
            }
        };
    }
}
